import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
} from "@std/assert";
import { DrumbeatError } from "../../../client.ts";
import type {
  Body,
  Letter,
  Outlet,
  Sent,
} from "../../../client/publish/outgoing_message.ts";
import { Outbox } from "../../../client/publish/outbox.ts";
import { FakeClock } from "../fake_clock.ts";
import { settle } from "../harness.ts";

interface Fixture {
  readonly clock: FakeClock;
  readonly outbox: Outbox;
  /** Posts a letter; its outcome is written down. */
  post(body: Body | Promise<Body>, more?: Partial<Letter>): void;
  readonly outcomes: string[];
  readonly dropped: string[];
}

function fixture(
  settings: Partial<ConstructorParameters<typeof Outbox>[0]> = {},
): Fixture {
  const clock = new FakeClock();
  const outcomes: string[] = [];
  const dropped: string[] = [];
  const outbox = new Outbox(
    { maxCount: 1_000, maxBytes: 1_000, maxAgeMs: 60_000, ...settings },
    clock,
    (letter, reason) => dropped.push(`${letter.message} ${reason}`),
  );
  return {
    clock,
    outbox,
    outcomes,
    dropped,
    post(body, more = {}) {
      const message = more.message ??
        (typeof body === "string" ? body : "blob");
      outbox.post({
        topic: "t",
        message,
        body,
        bytes: 10,
        stored: (offset) => outcomes.push(`${message} @${offset}`),
        failed: (error, refused) => {
          const code = error instanceof DrumbeatError
            ? error.code
            : String(error);
          outcomes.push(`${message} ${code}${refused ? " refused" : ""}`);
        },
        ...more,
      });
    },
  };
}

/** An outlet that writes down what is sent, with ids from `first` on. */
function outlet(
  first = 1,
  inflight = 256,
): Outlet & { readonly sent: string[] } {
  let next = first;
  const sent: string[] = [];
  return {
    inflight,
    sent,
    send(_topic, body, id): Sent {
      id ??= next++;
      sent.push(`${id}:${body}`);
      return id;
    },
  };
}

Deno.test("letters wait for a connection, go out in order, and settle", () => {
  const { outbox, post, outcomes, clock } = fixture();
  post("a");
  post("b");
  assertEquals(outbox.unsentBytes, 20);
  const out = outlet();
  outbox.open(out, false);
  post("c");
  assertEquals(out.sent, ["1:a", "2:b", "3:c"]);
  assertEquals(outbox.unsentBytes, 0);
  assert(outbox.settle(2, 7));
  assert(outbox.settle(1, 6));
  assertFalse(outbox.settle(1, 6));
  assert(outbox.refuse(3, new DrumbeatError("invalid", "no")));
  assertFalse(outbox.refuse(3, new DrumbeatError("invalid", "no")));
  assertEquals(outcomes, ["b @7", "a @6", "c invalid refused"]);
  assertEquals(clock.pending, 0);
});

Deno.test("no more letters are under way than the server allows", () => {
  const { outbox, post, outcomes } = fixture();
  const out = outlet(1, 2);
  outbox.open(out, false);
  for (const body of ["a", "b", "c", "d"]) post(body);
  assertEquals(out.sent, ["1:a", "2:b"]);
  assertEquals(outbox.unsentBytes, 20);
  outbox.settle(1, 0);
  assertEquals(out.sent, ["1:a", "2:b", "3:c"]);
  outbox.refuse(2, new DrumbeatError("limit", "no"));
  assertEquals(out.sent, ["1:a", "2:b", "3:c", "4:d"]);
  assertEquals(outcomes, ["a @0", "b limit refused"]);
  outbox.close();
});

Deno.test("what was sent is sent again under its id when the session resumes, before what was not", () => {
  const { outbox, post } = fixture();
  outbox.open(outlet(1, 2), false);
  for (const body of ["a", "b", "c"]) post(body);
  outbox.settle(1, 0);
  outbox.cut();
  post("d");
  const again = outlet(4);
  outbox.open(again, true);
  assertEquals(again.sent, ["2:b", "3:c", "4:d"]);
  outbox.close();
});

Deno.test("what was sent to a session that is gone is unknown; what was not goes out under new ids", () => {
  const { outbox, post, outcomes, dropped } = fixture();
  outbox.open(outlet(1, 1), false);
  post("a");
  post("b");
  outbox.cut();
  const again = outlet(2);
  outbox.open(again, false);
  assertEquals(outcomes, ["a indeterminate"]);
  assertEquals(dropped, ["a indeterminate"]);
  assertEquals(again.sent, ["2:b"]);
  outbox.close();
});

Deno.test("above the count a letter is refused, and nothing older is dropped", () => {
  const { outbox, post, outcomes, dropped } = fixture({ maxCount: 2 });
  for (const body of ["a", "b", "c"]) post(body);
  assertEquals(outcomes, ["c limit"]);
  assertEquals(dropped, ["c limit"]);
  const out = outlet();
  outbox.open(out, false);
  assertEquals(out.sent, ["1:a", "2:b"]);
  post("d");
  assertEquals(outcomes, ["c limit", "d limit"]);
  outbox.settle(1, 0);
  post("e");
  assertEquals(out.sent.at(-1), "3:e");
  outbox.close();
});

Deno.test("above the bytes a letter is refused, until there is room", () => {
  const { outbox, post, outcomes } = fixture({ maxBytes: 25 });
  for (const body of ["a", "b", "c"]) post(body);
  assertEquals(outcomes, ["c limit"]);
  post("d", { bytes: 5 });
  post("e", { bytes: 1 });
  assertEquals(outcomes, ["c limit", "e limit"]);
  outbox.open(outlet(), false);
  outbox.settle(1, 0);
  post("f");
  assertEquals(outcomes, ["c limit", "e limit", "a @0"]);
  outbox.close();
});

Deno.test("a letter that waits too long fails with timeout, one by one", () => {
  const { clock, outbox, post, outcomes, dropped } = fixture({
    maxAgeMs: 1_000,
  });
  post("a");
  clock.tick(400);
  post("b");
  clock.tick(599);
  assertEquals(outcomes, []);
  clock.tick(1);
  assertEquals(outcomes, ["a timeout"]);
  clock.tick(400);
  assertEquals(outcomes, ["a timeout", "b timeout"]);
  assertEquals(dropped, outcomes);
  assertEquals([clock.pending, outbox.unsentBytes], [0, 0]);
});

Deno.test("a letter may have an age of its own, shorter or longer", () => {
  const { clock, outbox, post, outcomes } = fixture({ maxAgeMs: 1_000 });
  post("long", { timeoutMs: 5_000 });
  post("short", { timeoutMs: 10 });
  post("for ever", { timeoutMs: Infinity });
  clock.tick(10);
  assertEquals(outcomes, ["short timeout"]);
  clock.tick(4_990);
  assertEquals(outcomes, ["short timeout", "long timeout"]);
  clock.tick(1e9);
  assertEquals(outcomes.length, 2);
  assertEquals(clock.pending, 0);
  outbox.close();
});

Deno.test("what was sent and not settled in time is unknown, and still counts as under way", () => {
  const { clock, outbox, post, outcomes } = fixture({ maxAgeMs: 1_000 });
  const out = outlet(1, 1);
  outbox.open(out, false);
  post("a");
  clock.tick(999);
  post("b");
  clock.tick(1);
  assertEquals(outcomes, ["a indeterminate"]);
  assertEquals(out.sent, ["1:a"]);
  assert(outbox.settle(1, 0));
  assertEquals(outcomes, ["a indeterminate"]);
  assertEquals(out.sent, ["1:a", "2:b"]);
  outbox.settle(2, 1);
  assertEquals(clock.pending, 0);
});

Deno.test("an aborted letter that was not sent is gone", () => {
  const { outbox, post, outcomes, dropped, clock } = fixture();
  const abort = new AbortController();
  post("a", { signal: abort.signal });
  post("b");
  abort.abort("changed my mind");
  const out = outlet();
  outbox.open(out, false);
  assertEquals(out.sent, ["1:b"]);
  assertEquals(outcomes, ["a changed my mind"]);
  assertEquals(dropped, []);
  outbox.settle(1, 0);
  assertEquals(clock.pending, 0);
});

Deno.test("the outcome of an aborted letter that was sent is ignored, and it is not sent again", () => {
  const { outbox, post, outcomes } = fixture();
  const abort = new AbortController();
  outbox.open(outlet(), false);
  post("a", { signal: abort.signal });
  post("b", { signal: abort.signal });
  abort.abort("enough");
  assert(outbox.settle(1, 0));
  outbox.cut();
  const again = outlet(3);
  outbox.open(again, true);
  assertEquals(again.sent, []);
  assertFalse(outbox.settle(2, 0));
  assertEquals(outcomes, ["a enough", "b enough"]);
});

Deno.test("a signal that is aborted already stops the letter; one that aborts later than the ack does nothing", () => {
  const { outbox, post, outcomes } = fixture();
  post("a", { signal: AbortSignal.abort("never") });
  const abort = new AbortController();
  outbox.open(outlet(), false);
  post("b", { signal: abort.signal });
  outbox.settle(1, 5);
  abort.abort();
  assertEquals(outcomes, ["a never", "b @5"]);
});

Deno.test("an abort makes room", () => {
  const { outbox, post, outcomes } = fixture({ maxCount: 1 });
  const abort = new AbortController();
  post("a", { signal: abort.signal });
  abort.abort("gone");
  post("b");
  assertEquals(outcomes, ["a gone"]);
  outbox.close();
});

Deno.test("whatever is behind a Blob waits until it is read", async () => {
  const { outbox, post } = fixture();
  const out = outlet();
  outbox.open(out, false);
  const blob = Promise.withResolvers<Body>();
  post(blob.promise);
  post("b");
  assertEquals(out.sent, []);
  blob.resolve("a");
  await settle();
  assertEquals(out.sent, ["1:a", "2:b"]);
  outbox.close();
});

Deno.test("a Blob that cannot be read is dropped, and lets the others pass", async () => {
  const { outbox, post, outcomes, dropped } = fixture();
  const out = outlet();
  outbox.open(out, false);
  const blob = Promise.withResolvers<Body>();
  post(blob.promise);
  post("b");
  blob.reject(new Error("the file is gone"));
  await settle();
  assertEquals(outcomes, ["blob dropped"]);
  assertEquals(dropped, ["blob dropped"]);
  assertEquals(out.sent, ["1:b"]);
  outbox.close();
});

Deno.test("a Blob that fails after its abort is nobody's business", async () => {
  const { outbox, post, outcomes } = fixture();
  const abort = new AbortController();
  const blob = Promise.withResolvers<Body>();
  post(blob.promise, { signal: abort.signal });
  abort.abort("stop");
  blob.reject(new Error("the file is gone"));
  await settle();
  assertEquals(outcomes, ["blob stop"]);
  outbox.close();
});

Deno.test("a letter above the server's limit is dropped, not sent", () => {
  const { outbox, post, outcomes } = fixture();
  outbox.open({
    inflight: 1,
    send: (_topic, body) => body === "big" ? "large" : 1,
  }, false);
  post("big");
  post("a");
  assertEquals(outcomes, ["big large"]);
  outbox.close();
});

Deno.test("sent before, and above the limit of the server that resumes, it is indeterminate", () => {
  const { outbox, post, outcomes } = fixture();
  outbox.open(outlet(), false);
  post("a");
  outbox.cut();
  outbox.open({ inflight: 256, send: () => "large" }, true);
  assertEquals(outcomes, ["a indeterminate"]);
});

Deno.test("a connection that is closing takes nothing; the next one does, in order", () => {
  const { outbox, post } = fixture();
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
  post("a");
  closing = true;
  post("b");
  post("c");
  assertEquals(first, ["1:a"]);
  outbox.open({ inflight: 256, send: () => "closing" }, true);
  const again = outlet(5);
  outbox.open(again, true);
  assertEquals(again.sent, ["1:a", "5:b", "6:c"]);
  outbox.close();
});

Deno.test("where no outcome comes, a letter is done when it is sent", () => {
  const { clock, outbox, post, outcomes } = fixture();
  post("a");
  outbox.open({ inflight: Infinity, send: () => "settled" }, true);
  post("b");
  assertEquals(outcomes, ["a @-1", "b @-1"]);
  assertEquals(clock.pending, 0);
});

Deno.test("closing ends what waits, and takes nothing more", () => {
  const { clock, outbox, post, outcomes, dropped } = fixture();
  outbox.open(outlet(1, 1), false);
  post("a");
  post("b");
  outbox.close();
  post("c");
  assertEquals(outcomes, ["a indeterminate", "b closed", "c closed"]);
  assertEquals(dropped, outcomes);
  assertEquals(clock.pending, 0);
});

Deno.test("a listener that closes while a letter is being sent does not upset the books", () => {
  const { outbox, post, outcomes } = fixture();
  outbox.open({
    inflight: 256,
    send() {
      outbox.close();
      return 1;
    },
  }, false);
  post("a");
  assertEquals(outcomes, ["a closed"]);
  assertEquals(outbox.unsentBytes, 0);
});

Deno.test("errors say what, where and how many", () => {
  const { outbox } = fixture({ maxCount: 0 });
  let error: unknown;
  const letter = {
    message: "m",
    body: "b",
    bytes: 1,
    stored() {},
    failed: (given: unknown) => void (error = given),
  };
  outbox.post({ topic: "room:1", ...letter });
  assertInstanceOf(error, DrumbeatError);
  assertEquals(
    error.message,
    "Cannot publish to 'room:1': 0 messages are waiting (at most 0)",
  );
  outbox.post({ topic: "", ...letter });
  assertEquals(
    (error as Error).message,
    "Cannot send: 0 messages are waiting (at most 0)",
  );
});

Deno.test("a letter in an outbox that was empty in between has an end, too", () => {
  const { clock, outbox, post, outcomes } = fixture({ maxAgeMs: 1_000 });
  outbox.open(outlet(), false);
  post("a");
  outbox.settle(1, 0);
  clock.tick(500);
  outbox.cut();
  post("b");
  clock.tick(1_000);
  assertEquals(outcomes, ["a @0", "b timeout"]);
});

Deno.test("a Blob at the head that is aborted, or too old, lets the others pass at once", () => {
  const { clock, outbox, post, outcomes } = fixture({ maxAgeMs: 1_000 });
  const out = outlet();
  outbox.open(out, false);
  const abort = new AbortController();
  post(new Promise(() => {}), { signal: abort.signal });
  post("a");
  abort.abort("enough");
  assertEquals(out.sent, ["1:a"]);
  post(new Promise(() => {}));
  clock.tick(500);
  post("b");
  clock.tick(500);
  assertEquals(out.sent, ["1:a", "2:b"]);
  assertEquals(outcomes, ["blob enough", "a indeterminate", "blob timeout"]);
  outbox.close();
});

Deno.test("an abort after the end of the wait is nothing", () => {
  const { clock, outbox, post, outcomes } = fixture({ maxAgeMs: 1_000 });
  const abort = new AbortController();
  outbox.open(outlet(), false);
  post("a", { signal: abort.signal });
  clock.tick(1_000);
  abort.abort("late");
  assertEquals(outcomes, ["a indeterminate"]);
});

Deno.test("the error of a Blob that cannot be read has its cause", async () => {
  const { outbox } = fixture();
  const failed = Promise.withResolvers<unknown>();
  const cause = new Error("the file is gone");
  const body = Promise.reject(cause);
  outbox.post({
    topic: "t",
    message: "m",
    body,
    bytes: 1,
    stored() {},
    failed: failed.resolve,
  });
  assertEquals((await failed.promise as DrumbeatError).cause, cause);
});
