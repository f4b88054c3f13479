import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
} from "@std/assert";
import { DrumbeatError } from "../../../client.ts";

import { connection, fixture } from "./outbox_fixture.ts";

Deno.test("messages wait for a connection, are sent in order, and settle", () => {
  const { outbox, enqueue, outcomes, clock, ack, pending } = fixture();
  enqueue("a");
  enqueue("b");
  assertEquals(outbox.unsentBytes, 20);
  const out = connection();
  outbox.open(out, false);
  enqueue("c");
  assertEquals(out.sent, ["1:a", "2:b", "3:c"]);
  assertEquals(outbox.unsentBytes, 0);
  assert(ack(2, 7));
  assert(ack(1, 6));
  assertFalse(ack(1, 6));
  assert(pending.refuse(3, new DrumbeatError("invalid", "no")));
  assertFalse(pending.refuse(3, new DrumbeatError("invalid", "no")));
  assertEquals(outcomes, ["b @7", "a @6", "c invalid refused"]);
  assertEquals(clock.pending, 0);
});

Deno.test("sends no more unsettled messages than the server allows", () => {
  const { outbox, enqueue, outcomes, ack, pending } = fixture();
  const out = connection(1, 2);
  outbox.open(out, false);
  for (const body of ["a", "b", "c", "d"]) enqueue(body);
  assertEquals(out.sent, ["1:a", "2:b"]);
  assertEquals(outbox.unsentBytes, 20);
  ack(1, 0);
  assertEquals(out.sent, ["1:a", "2:b", "3:c"]);
  pending.refuse(2, new DrumbeatError("limit", "no"));
  assertEquals(out.sent, ["1:a", "2:b", "3:c", "4:d"]);
  assertEquals(outcomes, ["a @0", "b limit refused"]);
  outbox.close();
});

Deno.test("sends again what was sent, under its ids and before new messages, when the session resumes", () => {
  const { outbox, enqueue, ack } = fixture();
  outbox.open(connection(1, 2), false);
  for (const body of ["a", "b", "c"]) enqueue(body);
  ack(1, 0);
  outbox.connectionClosed();
  enqueue("d");
  const again = connection(4);
  outbox.open(again, true);
  assertEquals(again.sent, ["2:b", "3:c", "4:d"]);
  outbox.close();
});

Deno.test("messages that were sent to an ended session are indeterminate; the others are sent under new ids", () => {
  const { outbox, enqueue, outcomes, dropped } = fixture();
  outbox.open(connection(1, 1), false);
  enqueue("a");
  enqueue("b");
  outbox.connectionClosed();
  const again = connection(2);
  outbox.open(again, false);
  assertEquals(outcomes, ["a indeterminate"]);
  assertEquals(dropped, ["a indeterminate"]);
  assertEquals(again.sent, ["2:b"]);
  outbox.close();
});

Deno.test("refuses a message above the count, and drops no older one", () => {
  const { outbox, enqueue, outcomes, dropped, ack } = fixture({ maxCount: 2 });
  for (const body of ["a", "b", "c"]) enqueue(body);
  assertEquals(outcomes, ["c limit"]);
  assertEquals(dropped, ["c limit"]);
  const out = connection();
  outbox.open(out, false);
  assertEquals(out.sent, ["1:a", "2:b"]);
  enqueue("d");
  assertEquals(outcomes, ["c limit", "d limit"]);
  ack(1, 0);
  enqueue("e");
  assertEquals(out.sent.at(-1), "3:e");
  outbox.close();
});

Deno.test("refuses a message above the bytes until others settle", () => {
  const { outbox, enqueue, outcomes, ack } = fixture({ maxBytes: 25 });
  for (const body of ["a", "b", "c"]) enqueue(body);
  assertEquals(outcomes, ["c limit"]);
  enqueue("d", { bytes: 5 });
  enqueue("e", { bytes: 1 });
  assertEquals(outcomes, ["c limit", "e limit"]);
  outbox.open(connection(), false);
  ack(1, 0);
  enqueue("f");
  assertEquals(outcomes, ["c limit", "e limit", "a @0"]);
  outbox.close();
});

Deno.test("messages that were not sent in time fail with timeout, each at its time", () => {
  const { clock, outbox, enqueue, outcomes, dropped } = fixture({
    maxAgeMs: 1_000,
  });
  enqueue("a");
  clock.tick(400);
  enqueue("b");
  clock.tick(599);
  assertEquals(outcomes, []);
  clock.tick(1);
  assertEquals(outcomes, ["a timeout"]);
  clock.tick(400);
  assertEquals(outcomes, ["a timeout", "b timeout"]);
  assertEquals(dropped, outcomes);
  assertEquals([clock.pending, outbox.unsentBytes], [0, 0]);
});

Deno.test("a message may have its own timeout, shorter or longer", () => {
  const { clock, outbox, enqueue, outcomes } = fixture({ maxAgeMs: 1_000 });
  enqueue("long", { timeoutMs: 5_000 });
  enqueue("short", { timeoutMs: 10 });
  enqueue("for ever", { timeoutMs: Infinity });
  clock.tick(10);
  assertEquals(outcomes, ["short timeout"]);
  clock.tick(4_990);
  assertEquals(outcomes, ["short timeout", "long timeout"]);
  clock.tick(1e9);
  assertEquals(outcomes.length, 2);
  assertEquals(clock.pending, 0);
  outbox.close();
});

Deno.test("a message that was sent and not settled in time is indeterminate, and still counts as unsettled", () => {
  const { clock, outbox, enqueue, outcomes, ack } = fixture({
    maxAgeMs: 1_000,
  });
  const out = connection(1, 1);
  outbox.open(out, false);
  enqueue("a");
  clock.tick(999);
  enqueue("b");
  clock.tick(1);
  assertEquals(outcomes, ["a indeterminate"]);
  assertEquals(out.sent, ["1:a"]);
  assert(ack(1, 0));
  assertEquals(outcomes, ["a indeterminate"]);
  assertEquals(out.sent, ["1:a", "2:b"]);
  ack(2, 1);
  assertEquals(clock.pending, 0);
});

Deno.test("an aborted message that was not sent is removed", () => {
  const { outbox, enqueue, outcomes, dropped, clock, ack } = fixture();
  const abort = new AbortController();
  enqueue("a", { signal: abort.signal });
  enqueue("b");
  abort.abort("changed my mind");
  const out = connection();
  outbox.open(out, false);
  assertEquals(out.sent, ["1:b"]);
  assertEquals(outcomes, ["a changed my mind"]);
  assertEquals(dropped, []);
  ack(1, 0);
  assertEquals(clock.pending, 0);
});

Deno.test("ignores the outcome of an aborted message that was sent, and does not send it again", () => {
  const { outbox, enqueue, outcomes, ack } = fixture();
  const abort = new AbortController();
  outbox.open(connection(), false);
  enqueue("a", { signal: abort.signal });
  enqueue("b", { signal: abort.signal });
  abort.abort("enough");
  assert(ack(1, 0));
  outbox.connectionClosed();
  const again = connection(3);
  outbox.open(again, true);
  assertEquals(again.sent, []);
  assertFalse(ack(2, 0));
  assertEquals(outcomes, ["a enough", "b enough"]);
});

Deno.test("an aborted signal refuses the message; an abort after the ack does nothing", () => {
  const { outbox, enqueue, outcomes, ack } = fixture();
  enqueue("a", { signal: AbortSignal.abort("never") });
  const abort = new AbortController();
  outbox.open(connection(), false);
  enqueue("b", { signal: abort.signal });
  ack(1, 5);
  abort.abort();
  assertEquals(outcomes, ["a never", "b @5"]);
});

Deno.test("an abort frees the message's place", () => {
  const { outbox, enqueue, outcomes } = fixture({ maxCount: 1 });
  const abort = new AbortController();
  enqueue("a", { signal: abort.signal });
  abort.abort("aborted");
  enqueue("b");
  assertEquals(outcomes, ["a aborted"]);
  outbox.close();
});

Deno.test("drops a message above the server's limit with large", () => {
  const { outbox, enqueue, outcomes } = fixture();
  outbox.open({
    inflight: 1,
    send: (_topic, body) => body === "big" ? "large" : 1,
  }, false);
  enqueue("big");
  enqueue("a");
  assertEquals(outcomes, ["big large"]);
  outbox.close();
});

Deno.test("a message that was sent before, and is above the limit of the resuming server, is indeterminate", () => {
  const { outbox, enqueue, outcomes } = fixture();
  outbox.open(connection(), false);
  enqueue("a");
  outbox.connectionClosed();
  outbox.open({ inflight: 256, send: () => "large" }, true);
  assertEquals(outcomes, ["a indeterminate"]);
});

Deno.test("sends nothing over a closing connection, and everything over the next one, in order", () => {
  const { outbox, enqueue } = fixture();
  let closing = false;
  const first: string[] = [];
  outbox.open({
    inflight: 256,
    send(_topic, body, id) {
      if (closing) return "closing";
      first.push(`${id ?? 1}:${body}`);
      return id ?? 1;
    },
  }, false);
  enqueue("a");
  closing = true;
  enqueue("b");
  enqueue("c");
  assertEquals(first, ["1:a"]);
  outbox.open({ inflight: 256, send: () => "closing" }, true);
  const again = connection(5);
  outbox.open(again, true);
  assertEquals(again.sent, ["1:a", "5:b", "6:c"]);
  outbox.close();
});

Deno.test("a message settles when it is sent where the connection reports no outcome", () => {
  const { clock, outbox, enqueue, outcomes } = fixture();
  enqueue("a");
  outbox.open({ inflight: Infinity, send: () => "settled" }, true);
  enqueue("b");
  assertEquals(outcomes, ["a @-1", "b @-1"]);
  assertEquals(clock.pending, 0);
});

Deno.test("closing rejects sent messages with indeterminate and all others with closed", () => {
  const { clock, outbox, enqueue, outcomes, dropped } = fixture();
  outbox.open(connection(1, 1), false);
  enqueue("a");
  enqueue("b");
  outbox.close();
  enqueue("c");
  assertEquals(outcomes, ["a indeterminate", "b closed", "c closed"]);
  assertEquals(dropped, outcomes);
  assertEquals(clock.pending, 0);
});

Deno.test("a message whose frame is out when a listener closes the outbox is indeterminate", () => {
  const { clock, outbox, enqueue, outcomes } = fixture();
  outbox.open({
    inflight: 256,
    send() {
      outbox.close();
      return 1;
    },
  }, false);
  enqueue("a");
  // It may have reached the server.
  assertEquals(outcomes, ["a indeterminate"]);
  assertEquals([outbox.unsentBytes, clock.pending], [0, 0]);
});

Deno.test("errors name the action, the topic and the number", () => {
  const { outbox } = fixture({ maxCount: 0 });
  let error: unknown;
  const message = {
    message: "m",
    body: "b",
    bytes: 1,
    resolve() {},
    reject: (given: unknown) => void (error = given),
  };
  outbox.enqueue({ topic: "room:1", ...message });
  assertInstanceOf(error, DrumbeatError);
  assertEquals(
    error.message,
    "Cannot publish to 'room:1': 0 messages are waiting (at most 0)",
  );
  outbox.enqueue({ topic: "", ...message });
  assertEquals(
    (error as Error).message,
    "Cannot send: 0 messages are waiting (at most 0)",
  );
});

Deno.test("a message times out in an outbox that was empty before it", () => {
  const { clock, outbox, enqueue, outcomes, ack } = fixture({
    maxAgeMs: 1_000,
  });
  outbox.open(connection(), false);
  enqueue("a");
  ack(1, 0);
  clock.tick(500);
  outbox.connectionClosed();
  enqueue("b");
  clock.tick(1_000);
  assertEquals(outcomes, ["a @0", "b timeout"]);
});

Deno.test("an abort after the timeout does nothing", () => {
  const { clock, outbox, enqueue, outcomes } = fixture({ maxAgeMs: 1_000 });
  const abort = new AbortController();
  outbox.open(connection(), false);
  enqueue("a", { signal: abort.signal });
  clock.tick(1_000);
  abort.abort("late");
  assertEquals(outcomes, ["a indeterminate"]);
});
