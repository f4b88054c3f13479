import type { Metrics, Observer } from "../../hub/observer.ts";
import type { AdminOptions } from "../admin.ts";
import { writeOut } from "./output.ts";

/** What was asked for cannot be had; the message says why, in one line. */
export class UnavailableError extends Error {
  override readonly name = "UnavailableError";
}

/**
 * Loads a module that needs a package from npm, for those who asked for it. Its address is not written as a literal:
 * what a module imports by a literal, the runtime downloads when it starts, reached or not. The price is
 * `--allow-read` for the folder of this repository.
 */
async function load<T>(flag: string, path: string): Promise<T> {
  try {
    return await import(new URL(path, import.meta.url).href) as T;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UnavailableError(`Cannot load what ${flag} needs: ${why}`, {
      cause,
    });
  }
}

interface Logger {
  info(event: string, fields: Readonly<Record<string, unknown>>): void;
}

/** What the command line uses of `./logs`. Not by `typeof import(…)`: that, too, would be in the module graph. */
interface LogModule {
  lineLogger(
    options: {
      readonly format: "json" | "text";
      readonly write: (line: string) => void;
    },
  ): Logger;
  logs(options: { readonly logger: Logger }): Observer;
}

/** A log, as the command line uses it. */
export interface Log {
  /** What logs what happens in the hub. */
  readonly observer: Observer;
  /** Logs something of the command line's own. */
  note(event: string, fields: Readonly<Record<string, unknown>>): void;
}

/** What `--log` asks for. @throws {UnavailableError} (as a rejection) when it cannot be loaded. */
export async function loadLog(format: "json" | "text"): Promise<Log> {
  const path = "../../adapters/observe/logtape.ts";
  const { lineLogger, logs } = await load<LogModule>("--log", path);
  const logger = lineLogger({ format, write: writeOut });
  return {
    observer: logs({ logger }),
    note: (event, fields) => logger.info(event, fields),
  };
}

/**
 * What `--metrics` and `--admin-token-file` ask for.
 *
 * @param asked whether metrics are wanted, and the file that the token is in; without one the environment may have it.
 * @throws {UnavailableError} (as a rejection) when there is no token, or the metrics cannot be loaded.
 */
export async function loadAdmin(asked: {
  readonly metrics: boolean;
  readonly adminTokenFile: string | undefined;
}): Promise<AdminOptions> {
  if (!asked.metrics) return {};
  const adminToken = asked.adminTokenFile === undefined
    ? tokenOfEnvironment()
    : await tokenIn(asked.adminTokenFile);
  const { prometheus } = await load<{
    readonly prometheus: () => Metrics;
  }>("--metrics", "../../adapters/observe/prometheus.ts");
  return { adminToken, metrics: prometheus() };
}

async function tokenIn(file: string): Promise<string> {
  try {
    return (await Deno.readTextFile(file)).trim();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UnavailableError(`Cannot read --admin-token-file: ${why}`, {
      cause,
    });
  }
}

function tokenOfEnvironment(): string {
  const variable = "DRUMBEAT_ADMIN_TOKEN";
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  const token = state === "granted" ? Deno.env.get(variable) : undefined;
  if (token) return token;
  throw new UnavailableError(
    `--metrics needs the admin token: set ${variable}, or give --admin-token-file`,
  );
}
