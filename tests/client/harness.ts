import { assertEquals, assertFalse } from "@std/assert";
import {
  type AnyMessages,
  type AnyRequests,
  type Client,
  type ClientEventMap,
  connect,
  type ConnectOptions,
  type MessageMap,
  type RequestMap,
} from "../../client.ts";
import { FakeClock } from "./fake_clock.ts";
import { FakeNet, type FakeSocket } from "./fake_socket.ts";

/** A frame of any kind. */
// deno-lint-ignore no-explicit-any -- tests read frames of every kind.
export type AnyFrame = any;

/** A client with its clock and its sockets. The end of its scope closes it, and asserts that no timer and no listener remains. */
export interface Harness<
  M extends MessageMap = AnyMessages,
  R extends RequestMap = AnyRequests,
  P = unknown,
> extends Disposable {
  readonly client: Client<M, R, P>;
  readonly clock: FakeClock;
  readonly net: FakeNet;
}

export function harness<
  M extends MessageMap = AnyMessages,
  R extends RequestMap = AnyRequests,
  P = unknown,
>(
  options: ConnectOptions<M, R, P> = {},
): Harness<M, R, P> {
  const clock = new FakeClock();
  const net = new FakeNet();
  const client = connect("ws://hub.test/ws", {
    clock,
    WebSocket: net.WebSocket,
    ...options,
  });
  return {
    client,
    clock,
    net,
    [Symbol.dispose]() {
      client.close();
      net.last?.finish();
      assertEquals(clock.pending, 0, "a timer remains");
      for (const socket of net.sockets) {
        assertFalse(socket.hasListeners, "a listener remains");
      }
    },
  };
}

/** The fields of the test server's `start`. The others have the values of a normal server. */
export interface StartOverrides {
  readonly peer?: string;
  readonly session?: string;
  readonly resumed?: boolean;
  readonly heartbeat?: unknown;
  readonly limits?: object;
  readonly topics?: Readonly<Record<string, unknown>>;
  readonly time?: number;
  readonly expiresMs?: number;
}

/** Accepts a socket, answers its hello with start, and reads the first ping. @returns the hello, and the frames after it. */
export function handshake(
  socket: FakeSocket,
  overrides: StartOverrides = {},
): { hello: AnyFrame; frames: AnyFrame[] } {
  socket.accept();
  const [hello] = socket.take() as AnyFrame[];
  start(socket, hello, overrides);
  const frames = socket.take() as AnyFrame[];
  return { hello, frames: frames.filter((frame) => frame.type !== "ping") };
}

/** Answers a hello with start. */
export function start(
  socket: FakeSocket,
  hello: AnyFrame,
  overrides: StartOverrides = {},
): void {
  const topics = Object.entries<AnyFrame>(hello.topics).map((
    [name, { epoch = "e1", offset = 0 }],
  ) => [
    name,
    { epoch, offset, recovered: true, head: offset },
  ]);
  socket.emit({
    type: "start",
    time: 1_700_000_000_000,
    peer: "me",
    session: "me.secret",
    resumed: hello.session !== undefined,
    heartbeat: { intervalMs: 10_000, timeoutMs: 25_000 },
    limits: {
      messageBytes: 65_536,
      windowBytes: 262_144,
      inflight: 256,
      topicsPerPeer: 128,
    },
    ...overrides,
    topics: { ...Object.fromEntries(topics), ...overrides.topics },
  });
}

/** Answers a subscribe. */
export function subscribed(
  socket: FakeSocket,
  { id, topic }: AnyFrame,
  offset = 0,
): void {
  socket.emit({
    type: "subscribed",
    id,
    topic,
    epoch: "e1",
    offset,
    recovered: true,
    head: offset,
  });
}

/** Returns a batch of chat messages. */
export function batch(
  topic: string,
  offset: number,
  ...texts: string[]
): object {
  return {
    type: "batch",
    topic,
    offset,
    messages: texts.map((text) => ({
      from: "you",
      at: 1_700_000_000_001,
      message: { type: "chat", text },
    })),
  };
}

/** Records the events of a type. */
export function record<K extends keyof ClientEventMap>(
  client: EventTarget,
  type: K,
): ClientEventMap[K][] {
  const events: ClientEventMap[K][] = [];
  client.addEventListener(
    type,
    (event) => events.push(event as ClientEventMap[K]),
  );
  return events;
}

/** Runs the pending microtasks. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

/** Waits until the outbox has sent everything, after its Blobs are read. */
export async function flushed(
  client: { readonly bufferedAmount: number },
): Promise<void> {
  for (let turns = 0; client.bufferedAmount > 0; turns++) {
    if (turns > 1_000) throw new Error("Not sent");
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** Calls `run` and returns the exceptions of the handlers that it calls. */
export function caught(run: () => void): unknown[] {
  const errors: unknown[] = [];
  const listener = (event: ErrorEvent): void => {
    event.preventDefault();
    errors.push(event.error);
  };
  globalThis.addEventListener("error", listener);
  try {
    run();
  } finally {
    globalThis.removeEventListener("error", listener);
  }
  return errors;
}
