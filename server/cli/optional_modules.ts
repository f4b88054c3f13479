import type { Metrics, Observer } from "../../hub/observe/observer.ts";
import type { AdminOptions } from "../admin.ts";
import { LineWriter } from "./output.ts";

/** A flag needs a module, a file or a variable that is not available. The message is one line. */
export class UnavailableError extends Error {
  override readonly name = "UnavailableError";
}

/**
 * Imports a module that needs a package from npm. Its specifier is not a literal: Deno downloads the modules of literal
 * specifiers at start, whether they are reached or not. So the import needs `--allow-read` for the folder of Drumbeat.
 */
async function load<T>(flag: string, path: string): Promise<T> {
  try {
    return await import(new URL(path, import.meta.url).href) as T;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UnavailableError(`Cannot load the module of ${flag}: ${reason}`, {
      cause,
    });
  }
}

interface Logger {
  info(event: string, fields: Readonly<Record<string, unknown>>): void;
  warn(event: string, fields: Readonly<Record<string, unknown>>): void;
}

/** The part of `./logs` that is used here. `typeof import(…)` would put the module into the graph. */
interface LogModule {
  lineLogger(
    options: {
      readonly format: "json" | "text";
      readonly write: (line: string) => void;
    },
  ): Logger;
  logs(options: { readonly logger: Logger }): Observer;
}

/** The log of the command line. */
export interface Log {
  /** Logs the events of a hub. */
  readonly observer: Observer;
  /** Logs an event of the command line. */
  log(event: string, fields: Readonly<Record<string, unknown>>): void;
  /** Resolves when every line is written, or after a time in ms. */
  flush(ms: number): Promise<void>;
}

/**
 * Creates the log of `--log`.
 *
 * @throws {UnavailableError} (as a rejection) when its module cannot be loaded.
 */
export async function createLog(format: "json" | "text"): Promise<Log> {
  const path = "../../adapters/observe/logtape.ts";
  const { lineLogger, logs } = await load<LogModule>("--log", path);
  const lines = new LineWriter(Deno.stdout, {
    dropped: (lines) =>
      logger.warn("lines were dropped: the output was blocked", { lines }),
  });
  const logger = lineLogger({ format, write: (line) => lines.write(line) });
  return {
    observer: logs({ logger }),
    log: (event, fields) => logger.info(event, fields),
    flush: (ms) => lines.flush(ms),
  };
}

/**
 * Creates the options of `--metrics` and `--admin-token-file`.
 *
 * @param options `metrics`: whether `/metrics` is on; `adminTokenFile`: the file of the token, or `undefined` for the
 * environment variable.
 * @throws {UnavailableError} (as a rejection) when the token is missing or the metrics' module cannot be loaded.
 */
export async function createAdminOptions(options: {
  readonly metrics: boolean;
  readonly adminTokenFile: string | undefined;
}): Promise<AdminOptions> {
  if (!options.metrics) return {};
  const adminToken = options.adminTokenFile === undefined
    ? readTokenVariable()
    : await readSecretFile("--admin-token-file", options.adminTokenFile);
  const { prometheus } = await load<{
    readonly prometheus: () => Metrics;
  }>("--metrics", "../../adapters/observe/prometheus.ts");
  return { adminToken, metrics: prometheus() };
}

/**
 * Reads a secret of one line from a file.
 *
 * @param flag the flag that names the file, for the error message.
 * @param file the file's name.
 * @throws {UnavailableError} (as a rejection) when the file cannot be read.
 */
export async function readSecretFile(
  flag: string,
  file: string,
): Promise<string> {
  try {
    return (await Deno.readTextFile(file)).trim();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UnavailableError(`Cannot read ${flag}: ${reason}`, { cause });
  }
}

function readTokenVariable(): string {
  const variable = "DRUMBEAT_ADMIN_TOKEN";
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  const token = state === "granted" ? Deno.env.get(variable) : undefined;
  if (token) return token;
  throw new UnavailableError(
    `--metrics needs the admin token: set ${variable} or --admin-token-file`,
  );
}
