import { assertEquals } from "@std/assert";
import { entry, startHost } from "./test_worker.ts";

Deno.test("moves a session to the worker that claims it, and ignores a detach of the former worker", async () => {
  const { rig, worker, clock } = startHost({ sessionMs: 1_000 });
  await using _ = rig;
  const [a, b] = [await worker(), await worker()];
  await a.open("room");
  a.store.begin("s");
  assertEquals(await a.append(entry("x", { session: "s", id: 1 })), [{
    offset: 0,
  }]);
  assertEquals(await b.store.claim("s"), true);
  await a.until(() => a.calls.includes("claimed s"));
  a.store.detach("s");
  await rig.handled();
  clock.advance(5_000);
  await b.open("room");
  assertEquals(await b.append(entry("x", { session: "s", id: 1 })), [{
    offset: 0,
  }]);
  assertEquals(await b.store.claim("s"), true);
  assertEquals(b.calls.filter((what) => what.startsWith("claimed")), []);
});

Deno.test("keeps the sessions and topics of a worker that ended for other workers, for their time to live", async () => {
  const { rig, worker, clock } = startHost({ sessionMs: 1_000 });
  await using _ = rig;
  const a = await worker();
  const before = await a.open("room");
  for (const session of ["s", "t"]) a.store.begin(session);
  await a.append(entry("kept", { session: "s", id: 1 }));
  rig.kill(a.store);
  clock.advance(999);
  const b = await worker();
  assertEquals(await b.store.claim("s"), true);
  const { epoch, head } = await b.open("room");
  assertEquals([epoch, head], [before.epoch, 1]);
  assertEquals(b.texts("room"), [[0, "kept"]]);
  assertEquals(await b.append(entry("kept", { session: "s", id: 1 })), [{
    offset: 0,
  }]);
  clock.advance(1);
  assertEquals(await b.store.claim("t"), false);
});
