import { root } from "./root.ts";

/** The purpose of a server process. */
export type Duty =
  | "fan-out"
  | "echo"
  | "request"
  | "heartbeat"
  | "replay"
  | "restart";

/** The dialect between load and server: bench/load/dialect.c. */
export type Dialect = "plain" | "drumbeat" | "socketio";

/** A server to measure. */
export interface Peer {
  /** The name for `--peers`. */
  readonly name: string;
  /** The name in the chart. */
  readonly title: string;
  readonly dialect: Dialect;
  /** The scenarios that it supports without additional code. */
  readonly duties: readonly Duty[];
  /** The required program on the PATH, and the required file below bench/peers/node_modules. */
  readonly needs: {
    readonly program?: string;
    readonly file?: string;
  };
  /** The cores that it may use, in the form of `taskset`. Default: the server's one. */
  readonly cores?: string;
  /**
   * Returns the program and its arguments. It prints `listens on http://127.0.0.1:PORT`.
   *
   * @param duty the purpose.
   * @param port the port; 0: any free one. Only the server with the scenario `restart` uses another one.
   */
  command(duty: Duty, port: number): readonly string[];
}

/** The folder of the other servers. */
export const peersFolder = `${root}bench/peers`;
/** The folder of built and temporary files. */
export const cacheFolder = `${root}bench/.cache`;
/** The store's file for a restart. */
export const storeFile = `${cacheFolder}/restart-${Deno.pid}.db`;

const BUN = `${Deno.build.os === "darwin" ? "bun-darwin" : "bun-linux"}-${
  Deno.build.arch === "aarch64" ? "aarch64" : "x64"
}`;
const COMMON: readonly Duty[] = ["fan-out", "echo", "request", "heartbeat"];
/** The duties of servers without requests: an echo replaces the reply. */
const byHand = (duty: Duty): string => duty === "request" ? "echo" : duty;

/** Drumbeat first: every ratio is Drumbeat's value divided by the other's. */
export const PEERS: readonly Peer[] = [
  {
    name: "drumbeat",
    title: "Drumbeat",
    dialect: "drumbeat",
    duties: [...COMMON, "replay", "restart"],
    needs: {},
    command: (duty, port) => [
      ...startCommand(duty === "request" ? REQUESTS : undefined),
      ...["--port", String(port), "--limits", "none"],
      ...(duty === "restart" ? ["--store", storeFile] : []),
    ],
  },
  {
    name: "loop",
    title: "Set and loop on Deno",
    dialect: "plain",
    duties: COMMON,
    needs: {},
    command: (duty) => deno("loop.ts", byHand(duty)),
  },
  {
    name: "crossws",
    title: "crossws on Deno",
    dialect: "plain",
    duties: COMMON,
    needs: { file: "crossws/package.json" },
    command: (duty) => deno("crossws.mjs", byHand(duty)),
  },
  {
    name: "ws",
    title: "ws on Node",
    dialect: "plain",
    duties: COMMON,
    needs: { program: "node", file: "ws/package.json" },
    command: (duty) => ["node", `${peersFolder}/ws.mjs`, byHand(duty)],
  },
  {
    name: "socket.io",
    title: "Socket.IO on Node",
    dialect: "socketio",
    duties: [...COMMON, "replay"],
    needs: { program: "node", file: "socket.io/package.json" },
    command: (duty) => ["node", `${peersFolder}/socketio.mjs`, duty],
  },
  {
    name: "bun",
    title: "Bun server.publish",
    dialect: "plain",
    duties: COMMON,
    needs: { file: `@oven/${BUN}/bin/bun` },
    // The npm package installs the program by a script, which npm may refuse to run. This is the script's source file.
    command: (duty) => [
      `${peersFolder}/node_modules/@oven/${BUN}/bin/bun`,
      `${peersFolder}/bun.mjs`,
      byHand(duty),
    ],
  },
];

/** The stock server's hub with a request handler. */
const REQUESTS = "bench/peers/drumbeat_requests.ts";
const STOCK = "server/cli/main.ts";

/** The command of `deno task start`, with the V8 flags and permissions of deno.json. */
export function startCommand(program = STOCK): readonly string[] {
  const { tasks } = JSON.parse(Deno.readTextFileSync(`${root}deno.json`));
  const [first, ...words] = (tasks.start.command as string).split(" ");
  if (first !== "deno" || words.at(-1) !== STOCK) {
    throw new Error(`deno.json: the task 'start' is not 'deno … ${STOCK}'`);
  }
  return [Deno.execPath(), ...words.slice(0, -1), program];
}

function deno(program: string, duty: string): readonly string[] {
  return [
    Deno.execPath(),
    "run",
    "--no-config",
    "--node-modules-dir=manual",
    "--allow-net",
    "--allow-env",
    `${peersFolder}/${program}`,
    duty,
  ];
}
