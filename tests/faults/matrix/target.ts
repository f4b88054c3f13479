/**
 * The server under attack: `target.ts --port 0 '{"limits":{"peers":100}}'`. Each line of the standard input is a command,
 * answered by one line of JSON, a {@linkcode TargetState}.
 *
 * @module
 */
import type { Hub, Peer } from "../../../mod.ts";
import {
  createHandler,
  createHub,
  serve,
  type ServeOptions,
} from "../../../server.ts";
import { serveStrict } from "../../../server/strict/strict.ts";
import { TextLineStream } from "../../examples/text_lines.ts";
import { failingProgram } from "./failing_program.ts";

/** The transport of the target. */
export type Transport = "deno" | "strict";

/** Every transport. */
export const TRANSPORTS: readonly Transport[] = ["deno", "strict"];

/** The options of a row's server. */
export interface TargetOptions {
  readonly transport?: Transport;
  readonly limits?: ServeOptions["limits"];
  readonly heartbeat?: ServeOptions["heartbeat"];
  /** The time to live of sessions and of a topic's records, in ms. Default: 500. */
  readonly keepMs?: number;
  /** Makes every hook, validator and handler fail. `unguarded`: one of them fails where the hub cannot catch it. */
  readonly failing?: boolean | "unguarded";
  readonly origins?: ServeOptions["origins"];
  /** The timeout of a request, in ms, on a transport that has one. Default: 2,000. */
  readonly handshakeMs?: number;
  /** The limit of file descriptors. */
  readonly descriptors?: number;
  /** The limit of JavaScript's heap, in MiB. Default: the runtime's. */
  readonly heapMib?: number;
  /** Serves without {@linkcode serve}, which listens again after the runtime has stopped listening. Default: `false`. */
  readonly listensOnce?: boolean;
}

/** A peer for which `onClose` was called. */
export interface ClosedPeer {
  readonly id: string;
  readonly code: number;
  /** Ms since 1970. */
  readonly at: number;
}

/** The state of the target. */
export interface TargetState {
  /** Bytes in use: JavaScript's heap, and buffers outside of it. */
  readonly heap: number;
  readonly peers: number;
  readonly connections: number;
  readonly closing: number;
  readonly topics: number;
  readonly recordBytes: number;
  readonly peersOpened: number;
  readonly peersClosed: number;
  /** The number of peers for which `onClose` was called more than once. */
  readonly closedTwice: number;
  /** The longest time by which a timer of the server was late since the command `lag`, in ms. */
  readonly lagMs: number;
  /** The last closed peers. */
  readonly closedPeers: readonly ClosedPeer[];
}

/** The default heartbeat of a target. */
export const HEARTBEAT = { intervalMs: 1_000, timeoutMs: 2_000 };

/** Rates that no attack reaches, for rows that test something else. */
export const NO_RATES = { messagesPerSecond: 1e9, bytesPerSecond: 1e12 };

/** The number of closed peers in a {@linkcode TargetState}. */
const MAX_CLOSED_PEERS = 400;

/** By peer and not by id: a peer that resumes is closed once for each connection. */
const closed = new WeakSet<Peer>();
const closedPeers: ClosedPeer[] = [];
let closedTwice = 0;
/** The clock without the jumps: they must not change the measurements. */
const realNow = Date.now;

const encoder = new TextEncoder();

/** The interval at which the lag of the event loop is measured, in ms. */
const LAG_CHECK_MS = 10;
let lagMs = 0;

function measureLag(): void {
  const since = performance.now();
  setTimeout(() => {
    lagMs = Math.max(lagMs, performance.now() - since - LAG_CHECK_MS);
    measureLag();
  }, LAG_CHECK_MS);
}

async function run(options: TargetOptions): Promise<void> {
  const { heartbeat = HEARTBEAT, keepMs = 500, failing, limits, origins } =
    options;
  const program = failing ? failingProgram(failing === "unguarded") : undefined;
  const settings: ServeOptions = {
    port: 0,
    heartbeat,
    sessionMs: keepMs,
    topics: { "*": { maxRecords: 64, maxAgeMs: keepMs } },
    onError: (error, { stage }) => console.error(stage, error),
    ...program?.options,
    onClose(peer, close) {
      recordClose(peer, close.code);
      return program?.options.onClose?.(peer, close);
    },
    ...(limits === undefined ? {} : { limits }),
    ...(origins === undefined ? {} : { origins }),
  };
  const { hub, addr } = await start(settings, options);
  program?.prepare(hub);
  // The command line does the same. Without it the runtime panics when it needs its first descriptors for signals and all
  // are in use.
  Deno.addSignalListener("SIGTERM", () => Deno.exit(0));
  measureLag();
  console.log(`listens on http://127.0.0.1:${addr.port}`);
  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  const output = Deno.stdout.writable.getWriter();
  for await (const line of lines) {
    await execute(line, hub);
    const { heapUsed, external } = Deno.memoryUsage();
    const state: TargetState = {
      heap: heapUsed + external,
      ...hub.stats(),
      closedTwice,
      lagMs,
      closedPeers,
    };
    // Not `console.log`: it keeps some KiB for each line, which would be measured.
    await output.write(encoder.encode(`${JSON.stringify(state)}\n`));
  }
  Deno.exit(0);
}

function recordClose(peer: Peer, code: number): void {
  if (closed.has(peer)) closedTwice++;
  closed.add(peer);
  closedPeers.push({ id: peer.id, code, at: realNow() });
  if (closedPeers.length > MAX_CLOSED_PEERS) closedPeers.shift();
}

async function execute(line: string, hub: Hub): Promise<void> {
  const [command, first = "", second, third] = line.split(" ");
  if (command === "jump") Date.now = () => realNow() + Number(first);
  if (command === "lag") lagMs = 0;
  if (command === "collect") {
    const { gc } = globalThis as { gc?: () => void };
    for (let n = 0; n < 3; n++) {
      gc?.();
      // Finalizers run in a later turn of the event loop.
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
  if (command !== "flood") return;
  const text = "x".repeat(Number(third));
  for (let n = 0; n < Number(second); n++) {
    const published = hub.topic(first).publish({ type: "load", n, text });
    // Fewer at once than the log keeps, so that a peer that reads misses nothing.
    if (n % 8 === 7) await published;
  }
}

/** Starts the server on its transport. */
async function start(
  settings: ServeOptions,
  { transport, listensOnce, handshakeMs = 2_000 }: TargetOptions,
): Promise<{ hub: Hub; addr: Deno.NetAddr }> {
  if (listensOnce) return listenOnce(settings);
  return transport === "strict"
    ? await serveStrict({ ...settings, handshakeMs })
    : serve(settings);
}

/** Starts a server that does not listen again after the runtime has stopped listening. */
function listenOnce(
  { port = 0, origins = "same", ...hubOptions }: ServeOptions,
): { hub: Hub; addr: Deno.NetAddr } {
  const hub = createHub(hubOptions);
  const handler = createHandler(hub, { origins });
  const options = { port, hostname: "127.0.0.1", onListen() {} };
  const { addr, finished } = Deno.serve(options, handler);
  finished.catch(() => {});
  return { hub, addr };
}

if (import.meta.main) await run(JSON.parse(Deno.args[2] ?? "{}"));
