import { parseArgs } from "node:util";
import { DEFAULT_LIMITS, type Limits, NO_LIMITS } from "../../hub/limits.ts";
import { type DrainTimes, drainTimes } from "../drain.ts";
import { originProblem } from "../admission/origins.ts";
import { FlagError, readChoice, readDuration, readInteger } from "./flags.ts";

/** The settings of a server that the command line starts. */
export interface ServeCommand {
  readonly run: "serve";
  readonly port: number;
  readonly hostname: string;
  /** The environment variables that set the port and the hostname, for error messages; none if a flag or the default did. */
  readonly variables: { readonly port?: "PORT"; readonly hostname?: "HOST" };
  /** The number of isolates with sockets; 1 for the main isolate alone. */
  readonly workers: number;
  readonly limits: Limits;
  readonly origins: "same" | "any" | readonly string[];
  readonly trustedProxies: number;
  /** The files of the certificate and the private key; `undefined` for plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** The file of the store, or the URL of a Redis; `undefined` for a store in memory, or with `storeFile`. */
  readonly store: string | undefined;
  /** The file that contains the value of `store`. */
  readonly storeFile: string | undefined;
  /** `true` to commit to the file in a worker. */
  readonly storeWorker: boolean;
  /** The durability of the store; `undefined` for the store's default. */
  readonly durability: "full" | "relaxed" | undefined;
  /** The format of the log; `undefined` for no log. */
  readonly log: "json" | "text" | undefined;
  /** `true` to answer `/metrics`. */
  readonly metrics: boolean;
  /** The file of the admin token; `undefined` for the environment variable. */
  readonly adminTokenFile: string | undefined;
  /** The times of the drain at the end. */
  readonly drain: DrainTimes;
  readonly transport: "deno" | "strict";
}

/** A parsed command line. */
export type Command =
  | { readonly run: "help" }
  | { readonly run: "refuse"; readonly reason: string }
  | ServeCommand;

/** The environment variables that set options. An empty one counts as absent. */
export interface Environment {
  readonly PORT?: string | undefined;
  readonly HOST?: string | undefined;
  readonly DRUMBEAT_STORE?: string | undefined;
}

/**
 * Parses the command line.
 *
 * @param args the arguments, without the program.
 * @param env the environment variables.
 * @returns the command; `refuse` for an unknown flag or an invalid value.
 */
export function parseCommandLine(args: string[], env: Environment): Command {
  try {
    const values = parse(args);
    return values.help ? { run: "help" } : serveCommand(values, env);
  } catch (error) {
    if (error instanceof FlagError) {
      return { run: "refuse", reason: error.message };
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
        "store-file": { type: "string" },
        "store-worker": { type: "boolean" },
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
    // The first sentence has the cause; the rest explains positional arguments, which this program does not have.
    throw new FlagError((error as Error).message.split(". ")[0]!);
  }
}

function serveCommand(values: Values, env: Environment): ServeCommand {
  const limits = readChoice("limits", ["default", "none"], values.limits);
  const stores = readStores(values, env);
  return {
    run: "serve",
    port: readPort(values, env),
    hostname: values.hostname ?? (env.HOST || "127.0.0.1"),
    variables: {
      ...(values.port === undefined && env.PORT ? { port: "PORT" } : {}),
      ...(values.hostname === undefined && env.HOST
        ? { hostname: "HOST" }
        : {}),
    },
    workers: readWorkers(values),
    limits: limits === "none" ? NO_LIMITS : DEFAULT_LIMITS,
    origins: readOrigins(values.origins ?? "same"),
    trustedProxies: readInteger(
      "--trusted-proxies",
      values["trusted-proxies"] ?? "0",
      { min: 0, max: 999 },
    ),
    tls: readTlsFiles(values),
    ...stores,
    log: readChoice("log", ["json", "text"], values.log),
    metrics: values.metrics ?? false,
    adminTokenFile: values["admin-token-file"],
    drain: readDrainTimes(values),
    transport: readChoice("transport", ["deno", "strict"], values.transport) ??
      "deno",
  };
}

function readPort({ port }: Values, { PORT }: Environment): number {
  const bounds = { min: 0, max: 65535 };
  return port === undefined
    ? readInteger("PORT", PORT || "8000", bounds)
    : readInteger("--port", port, bounds);
}

function readWorkers(values: Values): number {
  const workers = readInteger("--workers", values.workers ?? "1", {
    min: 1,
    max: 999,
  });
  if (workers === 1) return workers;
  if (values.transport === "strict") {
    throw new FlagError("--workers does not support --transport strict");
  }
  if (values.log !== undefined || values.metrics) {
    throw new FlagError("--workers does not support --log and --metrics");
  }
  return workers;
}

function readStores(
  values: Values,
  env: Environment,
): Pick<ServeCommand, "store" | "storeFile" | "storeWorker" | "durability"> {
  const storeFile = values["store-file"];
  if (values.store !== undefined && storeFile !== undefined) {
    throw new FlagError("--store and --store-file exclude each other");
  }
  if (storeFile === "") throw new FlagError("--store-file must name a file");
  // The flags count before the variable.
  const store = storeFile === undefined
    ? values.store ?? (env.DRUMBEAT_STORE || undefined)
    : undefined;
  if (store !== undefined) {
    checkStore(
      values.store === undefined ? "DRUMBEAT_STORE" : "--store",
      store,
    );
  }
  const durability = readChoice(
    "durability",
    ["full", "relaxed"],
    values.durability,
  );
  if (durability !== undefined && store === undefined && !storeFile) {
    throw new FlagError("--durability needs a store: add --store");
  }
  const storeWorker = values["store-worker"] ?? false;
  const isFile = storeFile !== undefined ||
    (store !== undefined && !/^rediss?:/i.test(store));
  if (storeWorker && !isFile) {
    throw new FlagError("--store-worker needs a store in a file");
  }
  return { store, storeFile, storeWorker, durability };
}

/**
 * Checks that a text names a file or a Redis.
 *
 * @param source the flag, variable or file that the text is of, for the error message, which never contains the text: it
 * may contain a password.
 * @param store the text.
 * @throws {FlagError} for an empty text, and for the URL of anything else: it would be the name of a file.
 */
export function checkStore(source: string, store: string): void {
  if (store === "") {
    throw new FlagError(`${source} must be the name of a file or redis://…`);
  }
  const [, scheme] = /^(unix|[a-z][a-z0-9+.-]*(?=:\/\/)):/i.exec(store) ?? [];
  if (scheme !== undefined && !/^rediss?$/i.test(scheme)) {
    throw new FlagError(
      `${source} has the scheme '${scheme}': it must be the name of a file, redis://… or rediss://…`,
    );
  }
}

function readOrigins(origins: string): ServeCommand["origins"] {
  if (origins === "same" || origins === "any") return origins;
  const list = origins.split(",").map((origin) => origin.trim());
  for (const origin of list) {
    const problem = originProblem(origin);
    if (problem !== undefined) throw new FlagError(`--origins: ${problem}`);
  }
  return list;
}

function readTlsFiles({ cert, key }: Values): ServeCommand["tls"] {
  if (cert === undefined && key === undefined) return undefined;
  // An empty value, as of an unset variable of a shell, must not turn TLS off.
  if (cert && key) return { cert, key };
  throw new FlagError("--cert and --key must be given together");
}

function readDrainTimes(values: Values): DrainTimes {
  const overMs = readDuration("drain-over", values["drain-over"] ?? "1s");
  const deadline = values["drain-deadline"];
  if (deadline === undefined) return drainTimes({ overMs });
  const deadlineMs = readDuration("drain-deadline", deadline);
  return drainTimes({ overMs, deadlineMs });
}
