import { assertEquals } from "@std/assert";
import { serve } from "../../mod.ts";

Deno.test("works without the parts of the platform that Node 20 and browsers of 2022 lack", async () => {
  await using server = serve({ port: 0, page: false });
  server.hub.handle("length", (data) => String(data).length);
  const program = new URL("old_platform_program.ts", import.meta.url);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-net",
      "--no-check",
      program.href,
      `ws://127.0.0.1:${server.addr.port}/ws`,
    ],
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder();
  assertEquals(
    [code, text.decode(stdout).trim().split("\n")],
    [0, ["4", "close 3000 bye true"]],
    text.decode(stderr),
  );
});
