import { assertEquals } from "@std/assert";
import { serve } from "../../server.ts";

Deno.test("closed servers have no listener on the signal that they shared", async () => {
  const { signal } = new AbortController();
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners++;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners--;
    remove(...args);
  };
  const servers = Array.from({ length: 3 }, () => serve({ port: 0, signal }));
  assertEquals(listeners, 3);
  for (const server of servers) await server[Symbol.asyncDispose]();
  assertEquals(listeners, 0);
});
