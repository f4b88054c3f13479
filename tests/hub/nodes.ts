import type { HubOptions } from "../../hub/options.ts";
import { assertEquals } from "@std/assert";
import { PROTOCOL } from "../../messages.ts";
import { microtasks, ProcessClock } from "../faults/process_clock.ts";
import { FakeClock } from "./fake_clock.ts";
import { type AnyFrame, InMemory, type TestPeer } from "./in_memory.ts";
import {
  SharedLogs,
  type SharedLogsOptions,
  type SharedStore,
} from "./shared_logs.ts";

/** One hub of several. */
export interface Node extends InMemory {
  readonly store: SharedStore;
  readonly processClock: ProcessClock;
}

/** Hubs that share a store, all in memory, on one fake clock. */
export class Nodes implements AsyncDisposable {
  readonly clock: FakeClock = new FakeClock();
  readonly logs: SharedLogs;
  readonly alive: Set<Node> = new Set();

  constructor(options: SharedLogsOptions = {}) {
    this.logs = new SharedLogs(this.clock, options);
  }

  /**
   * One more hub.
   *
   * @param aheadMs how much its wall clock is ahead of the others'.
   */
  add(options: HubOptions = {}, aheadMs = 0): Node {
    const processClock = new ProcessClock(this.clock);
    processClock.time = () => this.clock.time() + aheadMs;
    const store = this.logs.store(processClock);
    // Peers in a test's hand do not ping.
    const heartbeat = { timeoutMs: 1e9 };
    const hub = new InMemory(
      this.clock,
      { heartbeat, ...options },
      () => store,
      processClock,
    );
    const node = Object.assign(hub, { store, processClock });
    this.alive.add(node);
    return node;
  }

  /** A hub's process is killed: not a word of it comes any more. */
  kill(node: Node): void {
    node.store.line = "dead";
    node.processClock.close();
    this.alive.delete(node);
  }

  /** A drumbeat.v1 peer that has said hello, and its `start`. */
  async greeted(
    node: Node,
    hello: object,
  ): Promise<{ peer: TestPeer; start: AnyFrame }> {
    const peer = node.connect(PROTOCOL);
    peer.send({ type: "hello", ...hello });
    await this.talk();
    const start = JSON.parse(peer.far.received[0] as string);
    assertEquals(start.type, "start");
    return { peer, start };
  }

  /** The hubs write and read until nothing is new. */
  async talk(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) {
      this.clock.settle();
      await microtasks();
    }
  }

  /** Seconds go by. */
  pass(seconds: number): void {
    this.clock.advance(seconds * 1_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.alive) await node[Symbol.asyncDispose]();
  }
}
