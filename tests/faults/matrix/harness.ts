import { delay } from "@std/async";
import { PROTOCOL } from "../../../messages.ts";
import { RawPeer } from "../../raw_peer.ts";
import { ServerProcess } from "../server_process.ts";
import type { Finding } from "./finding.ts";
import { type ProcessUsage, processUsage } from "./process_usage.ts";
import {
  type ClosedPeer,
  HEARTBEAT,
  type TargetOptions,
  type TargetState,
  type Transport,
} from "./target.ts";

/** The size of an attack: the whole row, as much as a test has time for, or as much as warms the server up. */
export type Size = "full" | "quick" | "warm";

/** The state of the target and of its process. */
export type Snapshot = TargetState & ProcessUsage;

/**
 * A command for the target: `collect` collects the garbage, `lag` starts a new measurement of the event loop's lag, `jump MS`
 * sets the wall clock, and `flood TOPIC COUNT BYTES` publishes messages.
 */
export type Command =
  | "report"
  | "collect"
  | "lag"
  | `jump ${number}`
  | `flood ${string} ${number} ${number}`;

/** A peer of an attack. */
export interface Attacker {
  readonly peer: RawPeer;
  /** The peer's public id. */
  readonly id: string;
}

const PROGRAM = "tests/faults/matrix/target.ts";
/** The flags of `deno task start`, and `--expose-gc` for measurements of the heap. */
const V8_FLAGS =
  "--v8-flags=--expose-gc,--max-semi-space-size=4,--heap-growing-percent=50";
/** The interval of snapshots while the harness waits, in ms. */
const POLL_MS = 25;

/** A server under attack, the connections of the attack, and the findings. */
export class Harness implements AsyncDisposable {
  readonly transport: Transport;
  size: Size;
  readonly server: ServerProcess;
  readonly findings: Finding[] = [];
  readonly #disposers: (() => unknown)[] = [];

  private constructor(
    server: ServerProcess,
    transport: Transport,
    size: Size,
  ) {
    this.server = server;
    this.transport = transport;
    this.size = size;
  }

  /** Starts a server. */
  static async start(
    options: TargetOptions,
    transport: Transport,
    size: Size,
  ): Promise<Harness> {
    const { descriptors, heapMib } = options;
    const heap = heapMib === undefined
      ? ""
      : `,--max-old-space-size=${heapMib}`;
    const json = JSON.stringify({ ...options, transport });
    const process = new ServerProcess([json], PROGRAM, {
      flags: [V8_FLAGS + heap],
      answers: true,
      ...(descriptors === undefined ? {} : { descriptors }),
    });
    return new Harness(await process.start(), transport, size);
  }

  /** The server's port. */
  get port(): number {
    return this.server.port;
  }

  /** Returns the count for the size of the attack. A warm-up has a tenth of `quick`. */
  count(full: number, quick: number): number {
    if (this.size === "full") return full;
    return this.size === "quick" ? quick : Math.ceil(quick / 10);
  }

  /** Records a finding. A warm-up records none. */
  check(check: string, holds: boolean, measured: string): void {
    if (this.size !== "warm") this.findings.push({ check, holds, measured });
  }

  /** Returns the state of the target. @param command executed before. */
  async snapshot(command: Command = "report"): Promise<Snapshot> {
    const answer = await this.server.request(command);
    if (answer === "") throw new Error("The server has ended");
    return { ...JSON.parse(answer), ...processUsage(this.server.pid) };
  }

  /** Polls until a condition holds or the time is over. @returns the last snapshot. */
  async until(
    holds: (snapshot: Snapshot) => boolean,
    withinMs: number,
    command: Command = "report",
  ): Promise<Snapshot> {
    const end = performance.now() + withinMs;
    for (;;) {
      const snapshot = await this.snapshot(command);
      if (holds(snapshot) || performance.now() >= end) return snapshot;
      await delay(POLL_MS);
    }
  }

  /** Waits for `onClose` of a peer. @returns `undefined` when it was not called within the time. */
  async closed(id: string, withinMs: number): Promise<ClosedPeer | undefined> {
    const find = ({ closedPeers }: TargetState) =>
      closedPeers.find((one) => one.id === id);
    return find(
      await this.until((snapshot) => find(snapshot) !== undefined, withinMs),
    );
  }

  /** Checks that the hub closes silent peers within the heartbeat's timeout and 1 s. @param silentAt ms since 1970. */
  async expectTimeout(
    attackers: readonly Attacker[],
    silentAt: number,
  ): Promise<void> {
    // A test on a busy machine must not fail: it checks the code, and the time only roughly.
    const spareMs = this.size === "quick" ? 7_000 : 0;
    const mostMs = HEARTBEAT.timeoutMs + 1_000 + spareMs;
    let tookMs = 0;
    const codes = new Set<number>();
    // The wait is longer than the limit, so that the table shows by how much the limit was passed.
    const end = performance.now() + mostMs + 1_000;
    for (const { id } of attackers) {
      const closed = await this.closed(id, end - performance.now());
      tookMs = Math.max(tookMs, (closed?.at ?? Infinity) - silentAt);
      if (closed !== undefined) codes.add(closed.code);
    }
    this.check(
      "closed in time",
      tookMs <= mostMs && [...codes].join() === "4001",
      tookMs === Infinity
        ? "not closed"
        : `closed after ${tookMs} ms (${[...codes].join(", ")})`,
    );
  }

  /** Checks that no closed peer keeps a descriptor, although the peers do not answer the close. */
  async expectFreed(withinMs: number): Promise<void> {
    const since = performance.now();
    const { closing } = await this.until(
      ({ closing }) => closing === 0,
      withinMs,
    );
    const ms = Math.round(performance.now() - since);
    this.check(
      "descriptor freed",
      closing === 0,
      closing === 0 ? `freed after ${ms} ms` : `${closing} closing`,
    );
  }

  /** Checks the highest memory of the process since a snapshot. */
  async expectPeak(before: Snapshot, mostMib: number): Promise<void> {
    const { peak } = await this.snapshot();
    const mib = (peak - before.rss) / 1024 ** 2;
    this.check("memory", mib < mostMib, `peak +${mib.toFixed(0)} MiB`);
  }

  /** Connects a drumbeat.v1 peer, sends its hello and reads the `start` frame. */
  async startPeer(hello: object = {}): Promise<Attacker> {
    const peer = await this.connect(PROTOCOL);
    await peer.sendJson({ type: "hello", ...hello });
    const start = await peer.json();
    return { peer, id: start.peer };
  }

  /** Opens a WebSocket that sends nothing. It is dropped at the end of the attack. */
  async connect(protocol?: string): Promise<RawPeer> {
    const peer = await RawPeer.connect(
      this.port,
      protocol === undefined ? {} : { protocol },
    );
    this.defer(() => peer.drop());
    return peer;
  }

  /** Opens a TCP connection. It is dropped at the end of the attack. */
  async openTcp(): Promise<Deno.TcpConn> {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: this.port });
    this.defer(() => {
      try {
        conn.close();
      } catch {
        // The connection is closed already.
      }
    });
    return conn;
  }

  /** Adds an action for the end of the attack. */
  defer(dispose: () => unknown): void {
    this.#disposers.push(dispose);
  }

  /** Ends the attack: closes its connections. */
  async endAttack(): Promise<void> {
    for (const dispose of this.#disposers.splice(0)) await dispose();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.endAttack();
    await this.server[Symbol.asyncDispose]();
  }
}
