import { MemoryStore } from "../adapters/store_memory.ts";
import type { Cancel, Clock } from "../hub/clock.ts";
import { Hub } from "../hub/hub.ts";
import { NO_LIMITS } from "../hub/limits.ts";
import type { Inbound, Socket } from "../hub/socket.ts";
import { encode, PROTOCOL } from "../messages.ts";

/** A quarter of the window: docs/protocol.md, "Credit". */
const ACK_BYTES = 64 * 1024;

/** Real time, and turns of the event loop that pass when they are told to: no event loop is measured along. */
class HandClock implements Clock {
  #turns: (() => void)[] = [];

  now(): number {
    return performance.now();
  }

  time(): number {
    return Date.now();
  }

  /** Nothing here waits for a time. */
  after(): Cancel {
    return () => {};
  }

  turn(run: () => void): void {
    this.#turns.push(run);
  }

  close(): void {
    this.#turns = [];
  }

  /** Lets turns pass until nothing waits. */
  settle(): void {
    while (this.#turns.length > 0) {
      const turns = this.#turns;
      this.#turns = [];
      for (const run of turns) run();
    }
  }
}

/** A socket that counts what it is sent, and a peer that takes it in. */
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

  /** Says what was taken in, as often as a client does. */
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

/** A hub without a network: peers in the lobby, the first of which publishes. */
export class HubInMemory {
  readonly #clock = new HandClock();
  readonly #hub: Hub;
  readonly #sockets: CountingSocket[] = [];
  #id = 0;

  /** @param peers how many. */
  constructor(peers: number) {
    this.#hub = new Hub({
      store: new MemoryStore(this.#clock),
      clock: this.#clock,
    }, { limits: NO_LIMITS });
    for (let n = 0; n < peers; n++) {
      const socket = new CountingSocket();
      socket.inbound = this.#hub.attach(socket, {
        protocol: PROTOCOL,
        url: "http://127.0.0.1/ws",
        address: "127.0.0.1",
      });
      socket.inbound.receive(encode({ type: "hello" }));
      this.#sockets.push(socket);
    }
    this.#clock.settle();
  }

  /** Records given to peers so far. */
  get delivered(): number {
    return this.#hub.stats().delivered;
  }

  /** Publishes so many messages and lets the flush bring them to everybody. */
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
