import { root } from "./root.ts";

/** What a server is started for. */
export type Duty =
  | "fan-out"
  | "echo"
  | "request"
  | "heartbeat"
  | "replay"
  | "restart";

/** How the load speaks to a server: bench/load/dialect.c. */
export type Dialect = "plain" | "drumbeat" | "socketio";

/** A server to measure. */
export interface Peer {
  /** What `--peers` takes. */
  readonly name: string;
  /** What the chart says. */
  readonly title: string;
  readonly dialect: Dialect;
  /** What it can do: where another could, by hand, there is nothing to compare. */
  readonly duties: readonly Duty[];
  /** The program on the PATH that it needs, and the file below bench/peers/node_modules. */
  readonly needs: {
    readonly program?: string;
    readonly file?: string;
  };
  /** The cores that it may use, as `taskset` takes them. Default: the server's one. */
  readonly cores?: string;
  /**
   * The program and its arguments. It prints `listens on http://127.0.0.1:PORT`.
   *
   * @param duty what for.
   * @param port where to listen; 0: any free port. Only the peer that can restart heeds another one.
   */
  command(duty: Duty, port: number): readonly string[];
}

/** Where the other servers are. */
export const peersFolder = `${root}bench/peers`;
/** Where what is built and written on the way lies. */
export const cacheFolder = `${root}bench/.cache`;
/** The file of the store that survives a restart. */
export const storeFile = `${cacheFolder}/restart-${Deno.pid}.db`;

const BUN = `${Deno.build.os === "darwin" ? "bun-darwin" : "bun-linux"}-${
  Deno.build.arch === "aarch64" ? "aarch64" : "x64"
}`;
const COMMON: readonly Duty[] = ["fan-out", "echo", "request", "heartbeat"];
/** A reply, for those that have none of their own, is an echo. */
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
    // Its npm package places the program by a script, which npm may refuse to run: here it is where it came from.
    command: (duty) => [
      `${peersFolder}/node_modules/@oven/${BUN}/bin/bun`,
      `${peersFolder}/bun.mjs`,
      byHand(duty),
    ],
  },
];

/** The same hub with a handler of requests, which the stock server has none of. */
const REQUESTS = "bench/peers/drumbeat_requests.ts";
const STOCK = "server/cli/main.ts";

/** What `deno task start` runs, with the flags of V8 and the permissions that deno.json gives it. */
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
