import { parseArgs } from "node:util";
import { DEFAULT_LIMITS, type Limits, NO_LIMITS } from "../../hub/limits.ts";
import { type DrainTimes, drainTimes } from "../drain.ts";
import { countOf, FlagError, oneOf, timeOf } from "./flags.ts";
import { originCheck, type Origins } from "../origins.ts";

/** What the command line asks for. */
export type Command =
  | { readonly run: "help" }
  | { readonly run: "refuse"; readonly why: string }
  | {
    readonly run: "serve";
    readonly port: number;
    readonly hostname: string;
    /** How many isolates have the sockets; 1: the only one there is. */
    readonly workers: number;
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

/** The environment variables that the command line looks at, where set. */
export interface Environment {
  readonly PORT?: string | undefined;
  readonly HOST?: string | undefined;
}

/**
 * Reads the command line.
 *
 * @param args the arguments, without the program.
 * @param env the environment variables.
 * @returns what to do; flags that do not exist and values that are none are refused.
 */
export function readCommand(args: string[], env: Environment): Command {
  try {
    const values = parse(args);
    return values.help ? { run: "help" } : serving(values, env);
  } catch (error) {
    if (error instanceof FlagError) {
      return { run: "refuse", why: error.message };
    }
    throw error;
  }
}

type Values = ReturnType<typeof parse>;

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        port: { type: "string" },
        hostname: { type: "string" },
        workers: { type: "string" },
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
    }).values;
  } catch (error) {
    // The first sentence says it; the rest explains how to pass such a thing as a positional argument.
    throw new FlagError((error as Error).message.split(". ")[0]!);
  }
}

function serving(values: Values, env: Environment): Command {
  const limits = oneOf("limits", ["default", "none"], values.limits);
  if (values.store === "") {
    throw new FlagError("--store takes the name of a file, or redis://…");
  }
  return {
    run: "serve",
    port: portOf(values.port ?? (env.PORT || "8000")),
    hostname: values.hostname ?? (env.HOST || "127.0.0.1"),
    workers: workersOf(values),
    limits: limits === "none" ? NO_LIMITS : DEFAULT_LIMITS,
    origins: originsOf(values.origins ?? "same"),
    trustedProxies: countOf(
      "trusted-proxies",
      values["trusted-proxies"] ?? "0",
      { from: 0, to: 999 },
    ),
    tls: tlsOf(values),
    store: values.store,
    durability: oneOf("durability", ["full", "relaxed"], values.durability),
    log: oneOf("log", ["json", "text"], values.log),
    metrics: values.metrics ?? false,
    adminTokenFile: values["admin-token-file"],
    drain: drainOf(values),
    transport: oneOf("transport", ["deno", "strict"], values.transport) ??
      "deno",
  };
}

function portOf(port: string): number {
  if (/^\d{1,5}$/.test(port) && Number(port) <= 65535) return Number(port);
  throw new FlagError(`A port is a number from 0 to 65535, not '${port}'`);
}

function workersOf(values: Values): number {
  const workers = countOf("workers", values.workers ?? "1", {
    from: 1,
    to: 999,
  });
  if (workers === 1) return workers;
  if (values.transport === "strict") {
    throw new FlagError("--workers is for the transport 'deno' only");
  }
  if (values.log !== undefined || values.metrics) {
    throw new FlagError("--workers has no --log and no --metrics");
  }
  return workers;
}

function originsOf(origins: string): Origins {
  if (origins === "same" || origins === "any") return origins;
  const list = origins.split(",").map((origin) => origin.trim());
  try {
    originCheck(list);
  } catch (error) {
    throw new FlagError((error as Error).message);
  }
  return list;
}

function tlsOf(
  { cert, key }: Values,
): { readonly cert: string; readonly key: string } | undefined {
  if (cert === undefined && key === undefined) return undefined;
  // An empty variable of a shell must not turn TLS off without a word.
  if (cert && key) return { cert, key };
  throw new FlagError("--cert and --key go together, each with a file");
}

function drainOf(values: Values): DrainTimes {
  const overMs = timeOf("drain-over", values["drain-over"] ?? "1s");
  const deadline = values["drain-deadline"];
  if (deadline === undefined) return drainTimes({ overMs });
  return drainTimes({ overMs, deadlineMs: timeOf("drain-deadline", deadline) });
}
