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

/** One of several hubs. */
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
   * Creates one more hub.
   *
   * @param aheadMs the lead of its wall clock, in ms.
   */
  add(options: HubOptions = {}, aheadMs = 0): Node {
    const processClock = new ProcessClock(this.clock);
    processClock.time = () => this.clock.time() + aheadMs;
    const store = this.logs.store(processClock);
    // The peers of these tests do not ping.
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

  /** Kills a hub's process: its store and its clock stop. */
  kill(node: Node): void {
    node.store.line = "dead";
    node.processClock.close();
    this.alive.delete(node);
  }

  /** Connects a drumbeat.v1 peer that has sent its hello. @returns the peer and its `start`. */
  async start(
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

  /** Lets the hubs write and read until they have exchanged everything. */
  async talk(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) {
      this.clock.settle();
      await microtasks();
    }
  }

  /** Advances the clock. */
  pass(seconds: number): void {
    this.clock.advance(seconds * 1_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.alive) await node[Symbol.asyncDispose]();
  }
}
