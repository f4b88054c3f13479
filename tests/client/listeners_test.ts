import { assertEquals, assertThrows } from "@std/assert";
import type { ListenerOptions, Topic } from "../../client.ts";
import { encodeBinary } from "../../messages.ts";
import { batch, caught, handshake, harness } from "./harness.ts";

/** Adds a handler of each kind to a topic, which records its name. */
function addAll(
  topic: Topic,
  calls: string[],
  options?: ListenerOptions,
): (() => void)[] {
  return [
    topic.on("chat", () => calls.push("on"), options),
    topic.onAny(() => calls.push("onAny"), options),
    topic.onBinary(() => calls.push("onBinary"), options),
    topic.onGap(() => calls.push("onGap"), options),
    topic.presence.on(() => calls.push("presence"), options),
  ];
}

/** Lets each handler of {@linkcode addAll} run twice. */
function emitAll(emit: (data: object | Uint8Array<ArrayBuffer>) => void): void {
  for (const offset of [0, 4]) {
    emit(batch("lobby", offset, "a"));
    const header = `{"type":"batch","topic":"lobby","offset":${
      offset + 1
    },"messages":[{"from":"you","at":1}]}`;
    emit(encodeBinary(header, new Uint8Array([1])));
    emit({ type: "gap", topic: "lobby", from: offset + 2, to: offset + 4 });
    emit({ type: "presence", topic: "lobby", snapshot: true, join: [] });
  }
}

const EACH = ["on", "onAny", "onBinary", "onGap", "presence"];

/** Runs a test with a connected client and a topic. @returns the names of the called handlers. */
function calls(prepare: (topic: Topic, calls: string[]) => void): string[] {
  using h = harness();
  handshake(h.net.last);
  const names: string[] = [];
  prepare(h.client.topic("lobby"), names);
  emitAll((data) =>
    data instanceof Uint8Array
      ? h.net.last.emitBytes(data)
      : h.net.last.emit(data)
  );
  return names;
}

Deno.test("handlers run for each value", () => {
  assertEquals(calls((topic, names) => void addAll(topic, names)), [
    ...EACH,
    ...EACH,
  ]);
});

Deno.test("a handler with once runs for its first value only", () => {
  assertEquals(
    calls((topic, names) => void addAll(topic, names, { once: true })),
    EACH,
  );
});

Deno.test("a handler with once is removed before it runs, and after an exception", () => {
  let count = 0;
  using h = harness();
  const lobby = h.client.topic("lobby");
  const remove = lobby.on("chat", () => {
    remove();
    count++;
    throw new Error("handler");
  }, { once: true });
  handshake(h.net.last);
  const errors = caught(() => h.net.last.emit(batch("lobby", 0, "a", "b")));
  assertEquals([count, errors.length], [1, 1]);
});

Deno.test("a signal removes a handler, and an aborted one adds none", () => {
  assertEquals(
    calls((topic, names) => {
      const abort = new AbortController();
      addAll(topic, names, { signal: abort.signal });
      addAll(topic, names, { signal: AbortSignal.abort() });
      abort.abort();
    }),
    [],
  );
});

Deno.test("a signal may abort in the handler", () => {
  const abort = new AbortController();
  let count = 0;
  using h = harness();
  h.client.topic("lobby").on("chat", () => {
    count++;
    abort.abort();
  }, { signal: abort.signal });
  handshake(h.net.last);
  h.net.last.emit(batch("lobby", 0, "a", "b"));
  assertEquals(count, 1);
});

Deno.test("the returned function removes a handler, whatever its options", () => {
  for (
    const options of [
      undefined,
      { once: true },
      { signal: new AbortController().signal },
    ]
  ) {
    assertEquals(
      calls((topic, names) => {
        for (const remove of addAll(topic, names, options)) {
          remove();
          remove();
        }
      }),
      [],
    );
  }
});

Deno.test("a removed handler, and a closed topic, keep no listener on the signal", () => {
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  Object.assign(signal, {
    addEventListener(...given: Parameters<typeof addEventListener>) {
      listeners++;
      addEventListener.apply(signal, given);
    },
    removeEventListener(...given: Parameters<typeof removeEventListener>) {
      listeners--;
      removeEventListener.apply(signal, given);
    },
  });
  using h = harness();
  const lobby = h.client.topic("lobby");
  const removes = addAll(lobby, [], { signal });
  addAll(lobby, [], { signal });
  assertEquals(listeners, 10);
  for (const remove of removes) remove();
  assertEquals(listeners, 5);
  void lobby.close();
  assertEquals(listeners, 0);
});

Deno.test("a handler with an unknown option is refused", () => {
  using h = harness();
  const lobby = h.client.topic("lobby");
  const options = { onse: true } as object;
  for (
    const add of [
      () => lobby.on("chat", () => {}, options),
      () => lobby.onAny(() => {}, options),
      () => lobby.onBinary(() => {}, options),
      () => lobby.onGap(() => {}, options),
      () => lobby.presence.on(() => {}, options),
    ]
  ) {
    assertThrows(
      add,
      TypeError,
      "Cannot add a handler: unknown option 'onse' (did you mean 'once'?)",
    );
  }
});
