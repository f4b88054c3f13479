/**
 * The server under attack: `target.ts --port 0 '{"limits":{"peers":100}}'`. Each line on its standard input is an order,
 * carried out and answered by one line of JSON, a {@linkcode Look}.
 *
 * @module
 */
import {
  createHandler,
  createHub,
  serve,
  type ServeOptions,
} from "../../../server.ts";
import type { Hub, Peer } from "../../../mod.ts";
import { serveStrict } from "../../../server/strict/strict.ts";
import { TextLineStream } from "../../examples/text_lines.ts";
import { failingProgram } from "./failing_program.ts";

/** Which transport the target stands on. */
export type Transport = "deno" | "strict";

/** Those that there are. */
export const TRANSPORTS: readonly Transport[] = ["deno", "strict"];

/** What a row may set. */
export interface TargetOptions {
  readonly transport?: Transport;
  readonly limits?: ServeOptions["limits"];
  readonly heartbeat?: ServeOptions["heartbeat"];
  /** How long a session can be resumed, and a topic's records are kept, in ms. Default: 500. */
  readonly keepMs?: number;
  /** Whether every hook, validator and handler of the program throws or rejects; `unguarded`: one where nobody guards it. */
  readonly failing?: boolean | "unguarded";
  readonly origins?: ServeOptions["origins"];
  /** How long a request may take to come, in ms, where the transport looks at that. Default: 2,000. */
  readonly handshakeMs?: number;
  /** Most file descriptors that the process may have. */
  readonly descriptors?: number;
  /** Most memory for JavaScript's heap, in MiB. Default: the runtime's. */
  readonly heapMib?: number;
  /** Whether it stays away once the runtime has given up listening, as without {@linkcode serve}. Default: `false`. */
  readonly staysDeaf?: boolean;
}

/** A peer that has left. */
export interface Departed {
  readonly id: string;
  readonly code: number;
  /** Ms since 1970. */
  readonly at: number;
}

/** The target as it is now. */
export interface Look {
  /** Bytes in use: JavaScript's heap, and buffers outside of it. */
  readonly heap: number;
  readonly peers: number;
  readonly connections: number;
  readonly closing: number;
  readonly topics: number;
  readonly joins: number;
  readonly leaves: number;
  /** Peers for which `onClose` was called more than once. */
  readonly leftTwice: number;
  /** The last of those who left. */
  readonly departed: readonly Departed[];
}

/** When a peer of a target counts as dead, unless the row says otherwise. */
export const HEARTBEAT = { intervalMs: 1_000, timeoutMs: 2_000 };

/** Rates that no attack comes to: for rows that are about something else. */
export const NO_RATES = { messagesPerSecond: 1e9, bytesPerSecond: 1e12 };

/** How many of those who left are remembered. */
const REMEMBERED = 400;

/** By peer, not by its id: who resumes leaves once for each connection. */
const gone = new WeakSet<Peer>();
const departed: Departed[] = [];
let leftTwice = 0;
/** The wall clock jumps for the server, not for what is measured of it. */
const realNow = Date.now;

const encoder = new TextEncoder();

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
    onClose(peer, departure) {
      left(peer, departure.code);
      return program?.options.onClose?.(peer, departure);
    },
    ...(limits === undefined ? {} : { limits }),
    ...(origins === undefined ? {} : { origins }),
  };
  const { hub, addr } = await start(settings, options);
  program?.prepare(hub);
  // As the command line does. The runtime panics when it makes its first descriptors for signals and there are none left.
  Deno.addSignalListener("SIGTERM", () => Deno.exit(0));
  console.log(`listens on http://127.0.0.1:${addr.port}`);
  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  const output = Deno.stdout.writable.getWriter();
  for await (const line of lines) {
    await obey(line, hub);
    const { heapUsed, external } = Deno.memoryUsage();
    const look: Look = {
      heap: heapUsed + external,
      ...hub.stats(),
      leftTwice,
      departed,
    };
    // Not by `console.log`, in whose wake some KiB are kept for each line: they would be measured.
    await output.write(encoder.encode(`${JSON.stringify(look)}\n`));
  }
  Deno.exit(0);
}

function left(peer: Peer, code: number): void {
  if (gone.has(peer)) leftTwice++;
  gone.add(peer);
  departed.push({ id: peer.id, code, at: realNow() });
  if (departed.length > REMEMBERED) departed.shift();
}

async function obey(line: string, hub: Hub): Promise<void> {
  const [order, first = "", second, third] = line.split(" ");
  if (order === "jump") Date.now = () => realNow() + Number(first);
  if (order === "measure") {
    const { gc } = globalThis as { gc?: () => void };
    for (let n = 0; n < 3; n++) {
      gc?.();
      // What is freed by finalizers is freed in a turn of its own.
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
  if (order !== "flood") return;
  const text = "x".repeat(Number(third));
  for (let n = 0; n < Number(second); n++) {
    const published = hub.topic(first).publish({ type: "load", n, text });
    // Some at once: below the log's bound, so that whoever keeps up misses nothing.
    if (n % 8 === 7) await published;
  }
}

/** Starts the server on its transport. */
async function start(
  settings: ServeOptions,
  { transport, staysDeaf, handshakeMs = 2_000 }: TargetOptions,
): Promise<{ hub: Hub; addr: Deno.NetAddr }> {
  if (staysDeaf) return deaf(settings);
  return transport === "strict"
    ? await serveStrict({ ...settings, handshakeMs })
    : serve(settings);
}

/** A server that is over when its runtime gives up listening, but for those who are in. */
function deaf(settings: ServeOptions): { hub: Hub; addr: Deno.NetAddr } {
  const hub = createHub(settings);
  const { port = 0 } = settings;
  const handler = createHandler(hub, settings);
  const options = { port, hostname: "127.0.0.1", onListen() {} };
  const { addr, finished } = Deno.serve(options, handler);
  finished.catch(() => {});
  return { hub, addr };
}

if (import.meta.main) await run(JSON.parse(Deno.args[2] ?? "{}"));
