import { MemoryStore } from "../../adapters/store_memory.ts";
import type { Clock } from "../../hub/clock.ts";
import type { ErrorStage } from "../../hub/hooks.ts";
import { Hub } from "../../hub/hub.ts";
import type { HubOptions } from "../../hub/options.ts";
import type { Limits } from "../../hub/limits.ts";
import type { Peer, PeerClose } from "../../hub/peer.ts";
import type { Handshake } from "../../hub/socket.ts";
import type { Store, StoreSettings } from "../../hub/log/store.ts";
import {
  type AnyMessages,
  encodeBinary,
  type MessageMap,
  PROTOCOL,
} from "../../messages.ts";
import { FakeClock } from "./fake_clock.ts";
import {
  type Close,
  type Data,
  type FarSocket,
  socketPair,
} from "./socket_pair.ts";

/** A frame, as the receiver parses it. */
// deno-lint-ignore no-explicit-any -- a test compares a frame with the one that it expects.
export type AnyFrame = any;

/** Limits without rates, for tests of other bounds whose peers send faster than the default rates. */
export const ANY_RATE: Partial<Limits> = {
  messagesPerSecond: Infinity,
  bytesPerSecond: Infinity,
};

/** A client in memory, which sends and reads single frames. */
export class TestPeer {
  readonly far: FarSocket;
  #read = 0;

  constructor(far: FarSocket) {
    this.far = far;
  }

  /** Sends a frame: an object as JSON, text and bytes as they are. */
  send(frame: object | string): void {
    this.far.send(
      typeof frame === "string" || frame instanceof Uint8Array
        ? frame as Data
        : JSON.stringify(frame),
    );
  }

  /** Sends a binary frame of drumbeat.v1. */
  sendBinary(header: object, payload: Uint8Array): void {
    this.far.send(encodeBinary(JSON.stringify(header), payload));
  }

  /** Returns the data that arrived since the last read: text parsed as JSON. */
  read(): AnyFrame[] {
    const { received } = this.far;
    const fresh = received.slice(this.#read);
    this.#read = received.length;
    return fresh.map((data) =>
      typeof data === "string" ? JSON.parse(data) : data
    );
  }

  /** Reads, and returns the frames of a type. */
  readType(type: string): AnyFrame[] {
    return this.read().filter((frame) => frame.type === type);
  }

  /** Reads once a frame of a type has arrived. */
  async until(type: string): Promise<AnyFrame[]> {
    await this.#look(() => {
      const fresh = this.far.received.slice(this.#read);
      if (
        fresh.some((data) =>
          typeof data === "string" && JSON.parse(data).type === type
        )
      ) return true;
      if (this.closed === undefined) return false;
      throw new Error(`Closed with ${this.closed.code}, without '${type}'`);
    });
    return this.read();
  }

  /** Resolves with the close frame. */
  async untilClosed(): Promise<Close> {
    await this.#look(() => this.closed !== undefined);
    return this.closed!;
  }

  /** Resolves when a condition holds after an arrival. */
  async #look(holds: () => boolean): Promise<void> {
    const { near } = this.far;
    while (!holds()) {
      await new Promise<void>((resolve) => near.onSent = resolve);
      near.onSent = undefined;
    }
  }

  get closed(): Close | undefined {
    return this.far.closed;
  }
}

/** A hub with a fake clock and peers in memory, and the arguments of its hooks. */
export class InMemory<M extends MessageMap = AnyMessages>
  implements AsyncDisposable {
  readonly clock: FakeClock;
  readonly hub: Hub<M>;
  readonly opened: Peer[] = [];
  readonly closed: (PeerClose & { readonly peer: Peer })[] = [];
  readonly errors: { readonly error: unknown; readonly stage: ErrorStage }[] =
    [];

  /** @param life the hub's own clock, if it is one of several hubs. */
  constructor(
    clock: FakeClock,
    options: HubOptions<M>,
    store: (clock: FakeClock, settings: StoreSettings) => Store,
    life: Clock = clock,
  ) {
    this.clock = clock;
    const { onOpen, onClose, onError } = options;
    this.hub = new Hub({
      store: (_, settings) => store(clock, settings),
      ephemeral: (_, settings) => new MemoryStore(clock, settings),
      clock: life,
    }, {
      ...options,
      onOpen: (peer) => {
        this.opened.push(peer);
        return onOpen?.(peer);
      },
      onClose: (peer, close) => {
        this.closed.push({ peer, ...close });
        return onClose?.(peer, close);
      },
      onError: (error, context) => {
        this.errors.push({ error, stage: context.stage });
        return onError?.(error, context);
      },
    });
  }

  /** Connects a client that has sent no frame yet. */
  connect(
    protocol: string,
    handshake: Handshake = {},
    address = "192.0.2.1",
  ): TestPeer {
    const info = {
      protocol,
      url: "http://hub.test/ws",
      address,
      handshake,
    };
    return new TestPeer(
      socketPair((near) => this.hub.transport.attach(near, info)),
    );
  }

  /** Connects a plain peer that has read its `start`. */
  plain(): TestPeer {
    const peer = this.connect("");
    peer.read();
    return peer;
  }

  /** Connects a drumbeat.v1 peer that has sent its hello. @returns the peer and its `start`. */
  start(hello?: object): Promise<{ peer: TestPeer; start: AnyFrame }> {
    return this.startFrom("192.0.2.1", hello);
  }

  /** Connects from an address. */
  async startFrom(
    address: string,
    hello: object = {},
  ): Promise<{ peer: TestPeer; start: AnyFrame }> {
    const peer = this.connect(PROTOCOL, {}, address);
    peer.send({ type: "hello", ...hello });
    const frames = await peer.until("start");
    return { peer, start: frames.at(-1) };
  }

  /** Connects a drumbeat.v1 peer that has read its `start`. */
  async v1(hello: object = {}): Promise<TestPeer> {
    return (await this.start(hello)).peer;
  }

  /** Connects from an address. */
  async v1From(address: string, hello: object = {}): Promise<TestPeer> {
    return (await this.startFrom(address, hello)).peer;
  }

  /** Runs turns of the event loop until no call waits. */
  flush(): void {
    this.clock.settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.hub.close();
    this.clock.advance(1_000);
    await closed;
  }
}

/**
 * A hub in memory, in a test's hand.
 *
 * @param options of the hub.
 * @param store makes its store. Default: {@linkcode MemoryStore}.
 */
export function inMemory<M extends MessageMap = AnyMessages>(
  options: HubOptions<M> = {},
  store: (clock: FakeClock, settings: StoreSettings) => Store = (
    clock,
    settings,
  ) => new MemoryStore(clock, settings),
): InMemory<M> {
  return new InMemory(new FakeClock(), options, store);
}
