import { assert, assertEquals } from "@std/assert";
import { serve } from "../../server.ts";
import { Random } from "./random.ts";
import { parallel } from "./scenarios/concurrent_resumes.ts";

Deno.test("two resumes of one session at once leave one connection, which has every record once", async () => {
  await using server = serve({ port: 0 });
  const outcome = await parallel(server.addr, new Random(1), { rounds: 40 });
  assertEquals(outcome.violations, []);
  assertEquals(outcome.cuts, 80);
});

Deno.test("two connections that do not ask for the same session both live, and the scenario says so", async () => {
  await using server = serve({ port: 0 });
  const { violations } = await parallel(server.addr, new Random(1), {
    rounds: 3,
    second: () => undefined,
  });
  assert(
    violations.some(({ detail }) => /2 live connections/.test(detail)),
  );
});
