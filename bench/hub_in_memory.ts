import { MemoryStore } from "../adapters/store_memory.ts";
import type { Cancel, Clock } from "../hub/clock.ts";
import { Hub } from "../hub/hub.ts";
import { NO_LIMITS } from "../hub/limits.ts";
import type { Inbound, Socket } from "../hub/socket.ts";
import { encode, PROTOCOL } from "../messages.ts";

/** A quarter of the window: docs/protocol.md, "Credit". */
const ACK_BYTES = 64 * 1024;

/** A clock with real time and manual turns of the event loop, so that the event loop itself is not measured. */
class HandClock implements Clock {
  #turns: (() => void)[] = [];

  now(): number {
    return performance.now();
  }

  time(): number {
    return Date.now();
  }

  /** Timers never fire. */
  after(): Cancel {
    return () => {};
  }

  turn(run: () => void): void {
    this.#turns.push(run);
  }

  close(): void {
    this.#turns = [];
  }

  /** Runs turns until none is pending. */
  settle(): void {
    while (this.#turns.length > 0) {
      const turns = this.#turns;
      this.#turns = [];
      for (const run of turns) run();
    }
  }
}

/** A socket that counts the frames sent to it, and acknowledges them. */
class CountingSocket implements Socket {
  readonly bufferedAmount = 0;
  readonly open = true;
  inbound: Inbound | undefined;
  #frames = 0;
  #unacked = 0;

  send(data: string | Uint8Array<ArrayBuffer>): void {
    if (typeof data !== "string" || !data.startsWith('{"type":"batch"')) return;
    this.#frames++;
    this.#unacked += data.length;
  }

  /** Acknowledges the received frames as often as a client does. */
  acknowledge(): void {
    if (this.#unacked < ACK_BYTES) return;
    this.#unacked = 0;
    this.inbound?.receive(encode({ type: "ack", frames: this.#frames }));
  }

  close(): void {}

  terminate(): boolean {
    return true;
  }
}

/** A hub without a network: peers in the lobby, of which the first one publishes. */
export class HubInMemory {
  readonly #clock = new HandClock();
  readonly #hub: Hub;
  readonly #sockets: CountingSocket[] = [];
  #id = 0;

  /** @param peers the number of peers. */
  constructor(peers: number) {
    this.#hub = new Hub({
      store: () => new MemoryStore(this.#clock),
      clock: this.#clock,
    }, { limits: NO_LIMITS });
    for (let n = 0; n < peers; n++) {
      const socket = new CountingSocket();
      socket.inbound = this.#hub.transport.attach(socket, {
        protocol: PROTOCOL,
        url: "http://127.0.0.1/ws",
        address: "127.0.0.1",
      });
      socket.inbound.receive(encode({ type: "hello" }));
      this.#sockets.push(socket);
    }
    this.#clock.settle();
  }

  /** Records delivered to peers so far. */
  get delivered(): number {
    return this.#hub.stats().delivered;
  }

  /** Publishes this number of messages and flushes them to all peers. */
  publish(count: number, text: string): void {
    const message = { type: "chat", text };
    for (let n = 0; n < count; n++) {
      this.#sockets[0]!.inbound!.receive(
        encode({ type: "publish", id: ++this.#id, topic: "lobby", message }),
      );
    }
    this.#clock.settle();
    for (const socket of this.#sockets) socket.acknowledge();
    this.#clock.settle();
  }
}
