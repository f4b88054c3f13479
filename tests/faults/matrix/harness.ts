import { PROTOCOL } from "../../../messages.ts";
import { RawPeer } from "../../raw_peer.ts";
import { ServerProcess } from "../server_process.ts";
import { type ProcessNumbers, processNumbers } from "./process_usage.ts";
import type { Finding } from "./row.ts";
import {
  type Departed,
  HEARTBEAT,
  type Look,
  type TargetOptions,
  type Transport,
} from "./target.ts";

/** How much of a row: the whole of it, what a test has time for, or as much as warms the server up. */
export type Size = "full" | "quick" | "warm";

/** The target and its process as they are now. */
export type Sight = Look & ProcessNumbers;

/**
 * What a target can be told: `measure`: collect the garbage; `jump MS`: the wall clock is so far from what it was;
 * `flood TOPIC COUNT BYTES`: publish so much.
 */
export type Order =
  | "look"
  | "measure"
  | `jump ${number}`
  | `flood ${string} ${number} ${number}`;

/** A peer that attacks, and who the server says it is. */
export interface Attacker {
  readonly peer: RawPeer;
  /** Its public id. */
  readonly id: string;
}

const PROGRAM = "tests/faults/matrix/target.ts";
/** As `deno task start` runs it, and with a way to collect the garbage. */
const V8_FLAGS =
  "--v8-flags=--expose-gc,--max-semi-space-size=4,--heap-growing-percent=50";
/** How often the target is looked at while something is waited for, in ms. */
const LOOK_MS = 25;

/** A server under attack, and what the attack finds. */
export class Arena implements AsyncDisposable {
  readonly transport: Transport;
  size: Size;
  readonly server: ServerProcess;
  readonly findings: Finding[] = [];
  readonly #leftovers: (() => unknown)[] = [];

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
  static async open(
    options: TargetOptions,
    transport: Transport,
    size: Size,
  ): Promise<Arena> {
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
    return new Arena(await process.start(), transport, size);
  }

  /** Where the server listens. */
  get port(): number {
    return this.server.port;
  }

  /** So many in the whole row, so many in a test, a tenth of that to warm up. */
  many(full: number, quick: number): number {
    if (this.size === "full") return full;
    return this.size === "quick" ? quick : Math.ceil(quick / 10);
  }

  /** Writes down whether something holds. */
  check(check: string, holds: boolean, measured: string): void {
    if (this.size !== "warm") this.findings.push({ check, holds, measured });
  }

  /** The target now. @param after what it does first: see {@linkcode Order}. */
  async look(after: Order = "look"): Promise<Sight> {
    const answer = await this.server.ask(after);
    if (answer === "") throw new Error("The server has ended");
    return { ...JSON.parse(answer), ...processNumbers(this.server.pid) };
  }

  /** Looks until something holds, for so long at most. @returns the last look. */
  async until(
    holds: (sight: Sight) => boolean,
    withinMs: number,
    after: Order = "look",
  ): Promise<Sight> {
    const end = performance.now() + withinMs;
    for (;;) {
      const sight = await this.look(after);
      if (holds(sight) || performance.now() >= end) return sight;
      await pause(LOOK_MS);
    }
  }

  /** Looks until a peer has left. @returns when it left, `undefined` when it did not within the time. */
  async departure(id: string, withinMs: number): Promise<Departed | undefined> {
    const find = ({ departed }: Look) => departed.find((one) => one.id === id);
    return find(
      await this.until((sight) => find(sight) !== undefined, withinMs),
    );
  }

  /** Checks that peers that are silent since `silentAt` (ms since 1970) leave within the heartbeat's timeout and 1 s. */
  async leaveInTime(
    attackers: readonly Attacker[],
    silentAt: number,
  ): Promise<void> {
    // A test must not fail because a machine is busy with others: it looks at the code, and at the time in the large.
    const spareMs = this.size === "quick" ? 7_000 : 0;
    const mostMs = HEARTBEAT.timeoutMs + 1_000 + spareMs;
    let tookMs = 0;
    const codes = new Set<number | string>();
    // Longer than it may take, so that the table says how long it took.
    const end = performance.now() + mostMs + 1_000;
    for (const { id } of attackers) {
      const left = await this.departure(id, end - performance.now());
      tookMs = Math.max(tookMs, (left?.at ?? Infinity) - silentAt);
      codes.add(left?.code ?? "never");
    }
    this.check(
      "out in time",
      tookMs <= mostMs && [...codes].join() === "4001",
      `out after ${tookMs} ms (${[...codes].join(", ")})`,
    );
  }

  /** Checks that nobody who has left holds a descriptor any more, though the other side does nothing for it. */
  async thrownOut(withinMs: number): Promise<void> {
    const since = performance.now();
    const { closing } = await this.until(
      ({ closing }) => closing === 0,
      withinMs,
    );
    const ms = Math.round(performance.now() - since);
    this.check(
      "thrown out",
      closing === 0,
      closing === 0 ? `gone after ${ms} ms` : `${closing} closing`,
    );
  }

  /** Checks how much memory the attack took at its highest. */
  async peakBelow(before: Sight, mostMib: number): Promise<void> {
    const { peak } = await this.look();
    const mib = (peak - before.rss) / 1024 ** 2;
    this.check("memory", mib < mostMib, `peak +${mib.toFixed(0)} MiB`);
  }

  /** A drumbeat.v1 peer that has said hello and read its `start`. */
  async join(hello: object = {}): Promise<Attacker> {
    const peer = await this.connect(PROTOCOL);
    await peer.sendJson({ type: "hello", ...hello });
    const start = await peer.json();
    return { peer, id: start.peer };
  }

  /** Somebody comes, is greeted and goes. */
  async visit(): Promise<void> {
    using peer = await RawPeer.connect(this.port, { protocol: PROTOCOL });
    await peer.sendJson({ type: "hello", topics: {} });
    await peer.json();
    await peer.close(1000);
    await peer.closeCode();
  }

  /** A connection that has said nothing. Dropped with the attack. */
  async connect(protocol?: string): Promise<RawPeer> {
    const peer = await RawPeer.connect(
      this.port,
      protocol === undefined ? {} : { protocol },
    );
    this.defer(() => peer.drop());
    return peer;
  }

  /** A bare TCP connection. Dropped with the attack. */
  async dial(): Promise<Deno.TcpConn> {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: this.port });
    this.defer(() => {
      try {
        conn.close();
      } catch {
        // Closed already.
      }
    });
    return conn;
  }

  /** Something to undo when the attack is over. */
  defer(undo: () => unknown): void {
    this.#leftovers.push(undo);
  }

  /** The attackers go. */
  async retreat(): Promise<void> {
    for (const undo of this.#leftovers.splice(0)) await undo();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.retreat();
    await this.server[Symbol.asyncDispose]();
  }
}

/** Waits for something, so long at most; `undefined` when it did not come. */
export async function within<T>(
  promise: Promise<T>,
  ms: number,
): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Waits: an attack takes its time. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
