import { parseArgs } from "node:util";
import { DEFAULT_LIMITS, type Limits, NO_LIMITS } from "../hub/limits.ts";
import { type DrainTimes, drainTimes } from "./drain.ts";
import { originCheck, type Origins } from "./origins.ts";

/** What `--help` prints. */
export const HELP = `Drumbeat: a WebSocket hub, and its page.

Usage: deno task start [options]

  --port NUMBER         the port to listen on, 0 for any free one   [PORT, 8000]
  --hostname ADDRESS    the address to listen on; 0.0.0.0: every one this
                        machine has, so that a phone can join       [HOST, 127.0.0.1]
  --origins LIST        the pages that may connect, such as
                        https://app.example,http://localhost:3000;
                        same: this server's own; any: all           [same]
  --trusted-proxies N   how many proxies in front say, in
                        X-Forwarded-For, whose address it is        [0]
  --cert FILE           speak TLS, with this certificate (PEM) ...  [plain HTTP]
  --key FILE            ... and this private key (PEM)
  --transport deno|strict  strict: over node:http and ws, which bound what
                        the runtime cannot (docs/security.md)       [deno]
  --limits default|none none lifts inbound limits, for load tests   [default]
  --store FILE|URL      keep the logs in this file, over restarts; or in
                        Redis, with other servers:
                        redis://[user:password@]host[:port][/database]
                        [?prefix=app:], rediss:// for TLS           [in memory]
  --durability full|relaxed  what a commit to a file waits for: the disk, or
                        nothing (an unclean end begins a new epoch);
                        whether Redis loses nothing when it ends    [full; relaxed]
  --log json|text       a line for each connection, refusal and failure  [none]
  --metrics             answer /metrics, in Prometheus' format; needs the
                        admin token, at least 16 characters
  --admin-token-file FILE  where that token is          [DRUMBEAT_ADMIN_TOKEN]
  --drain-over TIME     at the end, peers go spread over this time  [1s]
  --drain-deadline TIME and after this one nobody is waited for  [2s more]
  --help                this text

In brackets: the environment variable that sets it, and the default. A time is
a number of milliseconds, or of seconds with an s. Ctrl-C, or SIGTERM, ends the
server; a second one ends it at once.
Permissions: --allow-net and --allow-env=PORT,HOST; with --allow-sys=networkInterfaces
it can also tell the addresses at which other devices find it. --store FILE
needs --allow-read and --allow-write for the file's folder, --cert and --key --allow-read.
--log and --metrics need --allow-read for the folder of Drumbeat itself, and
--metrics the variable, or a file.`;

/** What the command line asks for. */
export type Command =
  | { readonly run: "help" }
  | { readonly run: "refuse"; readonly why: string }
  | {
    readonly run: "serve";
    readonly port: number;
    readonly hostname: string;
    readonly limits: Limits;
    readonly origins: Origins;
    readonly trustedProxies: number;
    /** The files of the certificate and its key; absent: plain HTTP. */
    readonly tls: { readonly cert: string; readonly key: string } | undefined;
    /** The file of the store, or the URL of a Redis; absent: in memory. */
    readonly store: string | undefined;
    /** Absent: the store's own default. */
    readonly durability: "full" | "relaxed" | undefined;
    /** How the log looks; absent: there is none. */
    readonly log: "json" | "text" | undefined;
    /** Whether `/metrics` is answered. */
    readonly metrics: boolean;
    /** The file that the admin token is in; absent: the environment may have it. */
    readonly adminTokenFile: string | undefined;
    /** How the server says goodbye. */
    readonly drain: DrainTimes;
    readonly transport: "deno" | "strict";
  };

/**
 * Reads the command line.
 *
 * @param args the arguments, without the program.
 * @param env the environment variables `PORT` and `HOST`, where set.
 * @returns what to do; flags that do not exist and values that are none are refused.
 */
export function readCommand(
  args: string[],
  env: {
    readonly PORT?: string | undefined;
    readonly HOST?: string | undefined;
  },
): Command {
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        port: { type: "string" },
        hostname: { type: "string" },
        limits: { type: "string" },
        origins: { type: "string" },
        "trusted-proxies": { type: "string" },
        cert: { type: "string" },
        key: { type: "string" },
        store: { type: "string" },
        durability: { type: "string" },
        log: { type: "string" },
        metrics: { type: "boolean" },
        "admin-token-file": { type: "string" },
        "drain-over": { type: "string" },
        "drain-deadline": { type: "string" },
        transport: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }));
  } catch (error) {
    // The first sentence says it; the rest explains how to pass such a thing as a positional argument.
    const why = error instanceof Error ? error.message.split(". ")[0]! : "";
    return refuse(why);
  }
  if (values.help) return { run: "help" };
  const port = values.port ?? (env.PORT || "8000");
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65535) {
    return refuse(`A port is a number from 0 to 65535, not '${port}'`);
  }
  const { limits = "default", durability, store } = values;
  if (limits !== "default" && limits !== "none") {
    return refuse(`--limits is 'default' or 'none', not '${limits}'`);
  }
  if (
    durability !== undefined && durability !== "full" &&
    durability !== "relaxed"
  ) {
    return refuse(`--durability is 'full' or 'relaxed', not '${durability}'`);
  }
  const { transport = "deno" } = values;
  if (transport !== "deno" && transport !== "strict") {
    return refuse(`--transport is 'deno' or 'strict', not '${transport}'`);
  }
  const proxies = values["trusted-proxies"] ?? "0";
  if (!/^\d{1,3}$/.test(proxies)) {
    return refuse(`--trusted-proxies is a number, not '${proxies}'`);
  }
  const { origins = "same" } = values;
  const allowed = origins === "same" || origins === "any"
    ? origins
    : origins.split(",").map((origin) => origin.trim());
  try {
    originCheck(allowed);
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
  const { log } = values;
  if (log !== undefined && log !== "json" && log !== "text") {
    return refuse(`--log is 'json' or 'text', not '${log}'`);
  }
  const overMs = readTime(values["drain-over"] ?? "1s");
  if (overMs === undefined) return refuse(noTime("--drain-over"));
  const deadline = values["drain-deadline"];
  const deadlineMs = deadline === undefined ? undefined : readTime(deadline);
  if (deadline !== undefined && deadlineMs === undefined) {
    return refuse(noTime("--drain-deadline"));
  }
  const { cert, key } = values;
  // An empty variable of a shell must not turn TLS off without a word.
  if ((cert ?? key) !== undefined && !(cert && key)) {
    return refuse("--cert and --key go together, each with a file");
  }
  if (store === "") {
    return refuse("--store takes the name of a file, or redis://…");
  }
  return {
    run: "serve",
    port: Number(port),
    hostname: values.hostname ?? (env.HOST || "127.0.0.1"),
    limits: limits === "none" ? NO_LIMITS : DEFAULT_LIMITS,
    origins: allowed,
    trustedProxies: Number(proxies),
    tls: cert && key ? { cert, key } : undefined,
    store,
    durability,
    log,
    metrics: values.metrics ?? false,
    adminTokenFile: values["admin-token-file"],
    drain: drainTimes(
      deadlineMs === undefined ? { overMs } : { overMs, deadlineMs },
    ),
    transport,
  };
}

/** The ms of a time such as `500`, `500ms` or `5s`. */
function readTime(text: string): number | undefined {
  const [, number, unit] = /^(\d{1,7})(ms|s)?$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  return Number(number) * (unit === "s" ? 1000 : 1);
}

function noTime(flag: string): string {
  return `${flag} is a time such as 500ms or 5s`;
}

function refuse(why: string): Command {
  return { run: "refuse", why };
}
