import { assert, assertEquals } from "@std/assert";
import { serve } from "../../server.ts";
import { Random } from "./random.ts";
import { concurrentResumes } from "./scenarios/concurrent_resumes.ts";

Deno.test("two concurrent resumes of one session keep one connection, which receives every record once", async () => {
  await using server = serve({ port: 0 });
  const result = await concurrentResumes(server.addr, new Random(1), {
    rounds: 40,
  });
  assertEquals(result.violations, []);
  assertEquals(result.faults, 80);
});

Deno.test("control: two connections with different sessions both stay open", async () => {
  await using server = serve({ port: 0 });
  const { violations } = await concurrentResumes(server.addr, new Random(1), {
    rounds: 3,
    second: () => undefined,
  });
  assert(
    violations.some(({ detail }) => /2 open connections/.test(detail)),
  );
});
