import { assertEquals } from "@std/assert";
import type { DrumbeatError } from "../../../client.ts";
import type { Body } from "../../../client/publish/outgoing_message.ts";
import { settle } from "../harness.ts";

import { connection, fixture } from "./outbox_fixture.ts";

Deno.test("messages behind a Blob wait until it is read", async () => {
  const { outbox, enqueue } = fixture();
  const out = connection();
  outbox.open(out, false);
  const blob = Promise.withResolvers<Body>();
  enqueue(blob.promise);
  enqueue("b");
  assertEquals(out.sent, []);
  blob.resolve("a");
  await settle();
  assertEquals(out.sent, ["1:a", "2:b"]);
  outbox.close();
});

Deno.test("drops a Blob that cannot be read, and sends the messages behind it", async () => {
  const { outbox, enqueue, outcomes, dropped } = fixture();
  const out = connection();
  outbox.open(out, false);
  const blob = Promise.withResolvers<Body>();
  enqueue(blob.promise);
  enqueue("b");
  blob.reject(new Error("the file was deleted"));
  await settle();
  assertEquals(outcomes, ["blob dropped"]);
  assertEquals(dropped, ["blob dropped"]);
  assertEquals(out.sent, ["1:b"]);
  outbox.close();
});

Deno.test("ignores the failure of a Blob that was aborted", async () => {
  const { outbox, enqueue, outcomes } = fixture();
  const abort = new AbortController();
  const blob = Promise.withResolvers<Body>();
  enqueue(blob.promise, { signal: abort.signal });
  abort.abort("stop");
  blob.reject(new Error("the file was deleted"));
  await settle();
  assertEquals(outcomes, ["blob stop"]);
  outbox.close();
});

Deno.test("sends the messages behind a Blob that was aborted or timed out at once", () => {
  const { clock, outbox, enqueue, outcomes } = fixture({ maxAgeMs: 1_000 });
  const out = connection();
  outbox.open(out, false);
  const abort = new AbortController();
  enqueue(new Promise(() => {}), { signal: abort.signal });
  enqueue("a");
  abort.abort("enough");
  assertEquals(out.sent, ["1:a"]);
  enqueue(new Promise(() => {}));
  clock.tick(500);
  enqueue("b");
  clock.tick(500);
  assertEquals(out.sent, ["1:a", "2:b"]);
  assertEquals(outcomes, ["blob enough", "a indeterminate", "blob timeout"]);
  outbox.close();
});

Deno.test("the error of a Blob that cannot be read has a cause", async () => {
  const { outbox } = fixture();
  const failed = Promise.withResolvers<unknown>();
  const cause = new Error("the file was deleted");
  const body = Promise.reject(cause);
  outbox.enqueue({
    topic: "t",
    message: "m",
    body,
    bytes: 1,
    resolve() {},
    reject: failed.resolve,
  });
  assertEquals((await failed.promise as DrumbeatError).cause, cause);
});
