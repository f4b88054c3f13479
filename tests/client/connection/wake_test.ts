import { assertEquals } from "@std/assert";
import { watchWake } from "../../../client/connection/wake.ts";
import { handshake, harness, record } from "../harness.ts";

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

function pagehide(persisted: boolean): Event {
  return Object.assign(new Event("pagehide"), { persisted });
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
    const stop = watchWake({ wake: () => calls++, suspend: () => calls++ });
    globalThis.dispatchEvent(new Event("online"));
    document.dispatchEvent(new Event("visibilitychange"));
    document.dispatchEvent(new Event("resume"));
    assertEquals(calls, 3);
    stop();
    stop();
    globalThis.dispatchEvent(new Event("online"));
    globalThis.dispatchEvent(new Event("pageshow"));
    globalThis.dispatchEvent(pagehide(true));
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
    "pagehide",
    "online",
    "pageshow",
    "pagehide",
    "online",
    "pageshow",
    "pagehide",
  ]);
  assertEquals(signals.map((signal) => signal.aborted), [
    true,
    true,
    true,
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
    watchWake({ wake() {}, suspend() {} })();
  } finally {
    globalThis.addEventListener = addEventListener;
  }
});

Deno.test("a page that is kept for Back closes its connection, waits without a timer, and connects at once when it is shown", () => {
  using h = harness();
  handshake(h.net.last);
  const changes = record(h.client, "statechange");
  const old = h.net.last;
  globalThis.dispatchEvent(pagehide(true));
  assertEquals(old.closedWith, {
    code: 4004,
    reason: "Page is kept for Back",
  });
  assertEquals([h.client.state, h.client.retryAt, h.clock.pending], [
    "waiting",
    undefined,
    0,
  ]);
  assertEquals(
    changes.map(({ state, code, retryInMs }) => [state, code, retryInMs]),
    [["waiting", 4004, undefined]],
  );
  h.clock.tick(600_000);
  assertEquals(h.net.sockets.length, 1);
  globalThis.dispatchEvent(new Event("pageshow"));
  const { hello } = handshake(h.net.last);
  assertEquals([h.client.state, hello.session], ["open", "me.secret"]);
});

Deno.test("a client that connects or waits when the page is kept waits for the page", () => {
  for (const isWaiting of [false, true]) {
    using h = harness();
    if (isWaiting) h.net.last.drop();
    globalThis.dispatchEvent(pagehide(true));
    h.clock.tick(600_000);
    assertEquals([h.client.state, h.net.sockets.length], ["waiting", 1]);
    globalThis.dispatchEvent(new Event("pageshow"));
    assertEquals([h.client.state, h.net.sockets.length], ["connecting", 2]);
  }
});

Deno.test("a page that ends, and a closed client, ignore pagehide", () => {
  using h = harness();
  handshake(h.net.last);
  globalThis.dispatchEvent(pagehide(false));
  assertEquals(h.client.state, "open");
  h.client.close();
  globalThis.dispatchEvent(pagehide(true));
  assertEquals(h.client.state, "closed");
});

Deno.test("an open connection that closes within a second of a wake is replaced at once, a second time after the backoff", () => {
  using h = harness();
  handshake(h.net.last);
  globalThis.dispatchEvent(new Event("pageshow"));
  h.clock.tick(5);
  h.net.last.drop();
  h.clock.tick(0);
  assertEquals([h.client.state, h.net.sockets.length], ["connecting", 2]);
  handshake(h.net.last);
  h.net.last.drop();
  h.clock.tick(0);
  assertEquals(h.client.state, "waiting");
});

Deno.test("online replaces an attempt that began without a network", () => {
  using h = harness();
  h.clock.tick(999);
  globalThis.dispatchEvent(new Event("online"));
  assertEquals(h.net.sockets.length, 1);
  h.clock.tick(1);
  globalThis.dispatchEvent(new Event("pageshow"));
  assertEquals(h.net.sockets.length, 1);
  globalThis.dispatchEvent(new Event("online"));
  assertEquals([h.net.sockets.length, h.net.sockets[0]!.readyState], [2, 2]);
  handshake(h.net.last);
  assertEquals(h.client.state, "open");
});
