import { assertEquals } from "@std/assert";
import { watchWake } from "../../../client/connection/wake.ts";
import { handshake, harness } from "../harness.ts";

/** Calls `run` with a global document, as a page has one. */
function withDocument(
  run: (document: EventTarget & { visibilityState: string }) => void,
): void {
  const document = Object.assign(new EventTarget(), {
    visibilityState: "visible",
  });
  const global = globalThis as { document?: unknown };
  global.document = document;
  try {
    run(document);
  } finally {
    delete global.document;
  }
}

for (const type of ["online", "pageshow"]) {
  Deno.test(`'${type}' makes a waiting client connect at once`, () => {
    using h = harness();
    h.net.last.drop();
    globalThis.dispatchEvent(new Event(type));
    assertEquals([h.client.state, h.net.sockets.length], ["connecting", 2]);
    // A connecting client does not start again.
    globalThis.dispatchEvent(new Event(type));
    assertEquals(h.net.sockets.length, 2);
  });

  Deno.test(`'${type}' makes an open client probe its connection`, () => {
    using h = harness();
    handshake(h.net.last);
    h.clock.tick(1_000);
    globalThis.dispatchEvent(new Event(type));
    assertEquals(
      (h.net.last.take() as { type: string }[]).map(({ type }) => type),
      ["ping"],
    );
    h.clock.tick(5_000);
    assertEquals([h.client.state, h.client.lastClose?.code], ["waiting", 4001]);
  });
}

Deno.test("an answer ends the probe of an open client", () => {
  using h = harness();
  handshake(h.net.last);
  globalThis.dispatchEvent(new Event("online"));
  h.clock.tick(4_999);
  h.net.last.emit({ type: "pong" });
  h.clock.tick(4_000);
  assertEquals(h.client.state, "open");
});

Deno.test("a tab that becomes visible connects at once, a hidden one does not", () => {
  withDocument((document) => {
    using h = harness();
    h.net.last.drop();
    document.visibilityState = "hidden";
    document.dispatchEvent(new Event("visibilitychange"));
    assertEquals(h.client.state, "waiting");
    document.visibilityState = "visible";
    document.dispatchEvent(new Event("visibilitychange"));
    assertEquals(h.client.state, "connecting");
  });
});

Deno.test("a hidden tab that was frozen and runs again connects at once", () => {
  withDocument((document) => {
    using h = harness();
    h.net.last.drop();
    document.visibilityState = "hidden";
    document.dispatchEvent(new Event("resume"));
    assertEquals(h.client.state, "connecting");
  });
});

Deno.test("stops watching the page", () => {
  withDocument((document) => {
    let calls = 0;
    const stop = watchWake(() => calls++);
    globalThis.dispatchEvent(new Event("online"));
    document.dispatchEvent(new Event("visibilitychange"));
    document.dispatchEvent(new Event("resume"));
    assertEquals(calls, 3);
    stop();
    stop();
    globalThis.dispatchEvent(new Event("online"));
    globalThis.dispatchEvent(new Event("pageshow"));
    document.dispatchEvent(new Event("visibilitychange"));
    document.dispatchEvent(new Event("resume"));
    assertEquals(calls, 3);
  });
});

Deno.test("every way to close the client removes its listeners", () => {
  const added: string[] = [];
  const signals: AbortSignal[] = [];
  const { addEventListener } = globalThis;
  globalThis.addEventListener = ((
    type: string,
    listener: EventListener,
    options?: AddEventListenerOptions,
  ) => {
    added.push(type);
    if (options?.signal) signals.push(options.signal);
    addEventListener.call(globalThis, type, listener, options);
  }) as typeof globalThis.addEventListener;
  try {
    using closed = harness();
    closed.client.close();
    using refused = harness();
    refused.net.last.drop(4501);
    using exhausted = harness({ backoff: { attempts: 0 } });
    exhausted.net.last.drop();
  } finally {
    globalThis.addEventListener = addEventListener;
  }
  assertEquals(added, [
    "online",
    "pageshow",
    "online",
    "pageshow",
    "online",
    "pageshow",
  ]);
  assertEquals(signals.map((signal) => signal.aborted), [
    true,
    true,
    true,
    true,
    true,
    true,
  ]);
});

Deno.test("works in a runtime without a document and without global events", () => {
  const { addEventListener } = globalThis;
  Object.assign(globalThis, { addEventListener: undefined });
  try {
    watchWake(() => {})();
  } finally {
    globalThis.addEventListener = addEventListener;
  }
});
