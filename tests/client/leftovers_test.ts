import { assert, assertEquals, assertRejects } from "@std/assert";
import { DrumbeatError } from "../../client.ts";
import { PendingReplies } from "../../client/requests/pending_replies.ts";
import { Requests } from "../../client/requests/requests.ts";
import { anyMessages } from "../../messages.ts";
import { FakeClock } from "./fake_clock.ts";
import { handshake, harness } from "./harness.ts";

const TIMEOUTS = 100_000;
/** The number of requests at a time. */
const AT_ONCE = 250;

/** A signal that counts its listeners. */
class CountedSignal extends EventTarget {
  listeners = 0;
  readonly aborted = false;

  override addEventListener(
    ...given: Parameters<EventTarget["addEventListener"]>
  ): void {
    this.listeners++;
    super.addEventListener(...given);
  }

  override removeEventListener(
    ...given: Parameters<EventTarget["removeEventListener"]>
  ): void {
    this.listeners--;
    super.removeEventListener(...given);
  }

  throwIfAborted(): void {}
}

Deno.test("100,000 request timeouts keep no timer, no listener and no pending id", async () => {
  const clock = new FakeClock();
  const signal = new CountedSignal();
  const pending = new PendingReplies();
  const sender = {
    isOpen: true,
    maxBytes: () => 65_536,
    hasCapacity: () => requests.inflight < 256,
    send: () => ({ isTransmitted: true, cancel() {} }),
  };
  const requests: Requests = new Requests({
    clock,
    contract: anyMessages,
    pending,
    sender,
  });
  const codes = new Map<string, number>();
  for (let count = 0; count < TIMEOUTS; count += AT_ONCE) {
    const answers = Array.from(
      { length: AT_ONCE },
      () =>
        requests.request("slow", null, {
          signal: signal as unknown as AbortSignal,
          timeoutMs: 50,
        }),
    );
    assertEquals([clock.pending, signal.listeners], [AT_ONCE, AT_ONCE]);
    clock.tick(50);
    for (const settled of await Promise.allSettled(answers)) {
      assert(settled.status === "rejected");
      const { code } = settled.reason as DrumbeatError;
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    assertEquals([clock.pending, signal.listeners], [0, 0]);
  }
  assertEquals([...codes], [["timeout", TIMEOUTS]]);
  // The server counts what it has not answered; the late answers end that, and have no other effect.
  assertEquals(requests.inflight, 256);
  for (let id = 1; id <= 256; id++) {
    assert(pending.settle({ type: "reply", id, data: "late" }));
  }
  assertEquals(requests.inflight, 0);
  for (let id = 1; id <= TIMEOUTS; id++) {
    assert(!pending.settle({ type: "reply", id, data: "late" }));
    assert(!pending.settle({ type: "ack", id }));
    assert(!pending.refuse(id, new DrumbeatError("failed", "late")));
  }
  requests.close();
  const more = Array.from(
    { length: 256 },
    () => requests.request("slow", null, { timeoutMs: 1 }),
  );
  assertEquals(clock.pending, 256);
  clock.tick(1);
  for (const answer of more) {
    await assertRejects(() => answer, DrumbeatError, "within 1 ms");
  }
});

Deno.test("a client sends requests after 100,000 timeouts, and closes without a timer", async () => {
  using h = harness({ heartbeat: false });
  handshake(h.net.last);
  const timers = h.clock.pending;
  const sent: { id: number }[] = [];
  for (let count = 0; count < TIMEOUTS; count += AT_ONCE) {
    const answers = Array.from(
      { length: AT_ONCE },
      () => h.client.request("slow", null, { timeoutMs: 50 }),
    );
    h.clock.tick(50);
    for (const { status } of await Promise.allSettled(answers)) {
      assertEquals(status, "rejected");
    }
    sent.push(...h.net.last.take() as { id: number }[]);
  }
  assertEquals(h.clock.pending, timers);
  // No more than the server accepts without an answer.
  assertEquals(sent.length, 256);
  for (const { id } of sent) h.net.last.emit({ type: "reply", id });
  const answer = h.client.request("quick");
  const [{ id }] = h.net.last.take() as [{ id: number }];
  h.net.last.emit({ type: "reply", id, data: "there" });
  assertEquals(await answer, "there");
  assertEquals(h.clock.pending, timers);
});

Deno.test("history marks the records that this client published", async () => {
  using h = harness();
  const lobby = h.client.topic("lobby");
  handshake(h.net.last);
  const part = lobby.history();
  const records = ["me", "you", "$hub"].map((from) => ({
    from,
    at: 1,
    message: { type: "chat" },
  }));
  records.push({ from: "me", at: 2, binary: "AQI=" } as never);
  const data = { epoch: "e1", offset: 0, tail: 0, head: 4, records };
  h.net.last.emit({ type: "reply", id: 1, data });
  const own = (await part).records.map((record) => record.own);
  assertEquals(own, [true, false, false, true]);
});
