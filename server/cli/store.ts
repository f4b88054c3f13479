import type { StoreFactory } from "../../hub/log/store.ts";
import { checkStore, type ServeCommand } from "./command_line.ts";
import { FlagError } from "./flags.ts";
import { readSecretFile, UnavailableError } from "./optional_modules.ts";
import { printError } from "./output.ts";

/** Returns the variable that names the store; `undefined` if it is not set, or the process may not read it. */
export function storeVariable(): string | undefined {
  const variable = "DRUMBEAT_STORE";
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}

/**
 * Opens the store of a command line. It prints the settings of a Redis that may lose records.
 *
 * @param command the command line.
 * @returns the option `store` of `serve`; empty for a store in memory.
 * @throws {Error} (as a rejection) when the store cannot be used. The message contains no password.
 */
export async function storeOptions(
  command: Pick<
    ServeCommand,
    "store" | "storeFile" | "storeWorker" | "durability"
  >,
): Promise<{ readonly store?: StoreFactory }> {
  const { durability, storeWorker } = command;
  const location = await locationOf(command);
  if (location === undefined) return {};
  const options = durability === undefined ? {} : { durability };
  // The modules are loaded when a command needs them.
  if (!/^rediss?:/i.test(location)) {
    const { sqliteStore } = await import("../../adapters/sqlite/store.ts");
    return {
      store: sqliteStore(location, { ...options, worker: storeWorker }),
    };
  }
  const { checkRedis, redisStore } = await import(
    "../../adapters/redis/store.ts"
  );
  try {
    for (const problem of await checkRedis(location, options)) {
      printError(problem);
    }
    return { store: redisStore(location, options) };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    printError(error.message);
    Deno.exit(2);
  }
}

/**
 * Returns the message for a file that the permissions of `deno task start` do not cover, with a command that covers it.
 *
 * @param error the error of the store.
 * @param path the value of `--store`; `undefined` if the file is named elsewhere.
 * @returns the message; `undefined` for any other error.
 */
export function describeStoreAccess(
  { cause }: Error,
  path: string | undefined,
): string | undefined {
  if (!(cause instanceof Deno.errors.NotCapable) || path === undefined) {
    return undefined;
  }
  const folder = path.slice(0, path.lastIndexOf("/")) || "/";
  return `Cannot open the store '${path}': 'deno task start' may use files of its own folder only. Run: deno run --allow-net --allow-env --allow-read=.,${folder} --allow-write=${folder} server/cli/main.ts --store ${path}`;
}

async function locationOf(
  { store, storeFile }: Pick<ServeCommand, "store" | "storeFile">,
): Promise<string | undefined> {
  if (storeFile === undefined) return store;
  const location = await readSecretFile("--store-file", storeFile);
  try {
    checkStore("--store-file", location);
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    throw new UnavailableError(error.message, { cause: error });
  }
  return location;
}
