/**
 * The command line: `deno task start`. It is the only part of Drumbeat that prints and that ends the process.
 *
 * @module
 */
import { telemetry } from "../../adapters/observe/opentelemetry.ts";
import type { Durability } from "../../adapters/sqlite/store.ts";
import type { StoreFactory } from "../../hub.ts";
import { contract } from "../../static/contract.ts";
import { serve, type Server, type TlsOptions } from "../serve.ts";
import type { serveStrict } from "../strict/strict.ts";
import type { ServeWorkersOptions } from "../workers/workers.ts";
import { parseCommandLine, type ServeCommand } from "./command_line.ts";
import { HELP } from "./help.ts";
import {
  createAdminOptions,
  createLog,
  type Log,
  UnavailableError,
} from "./optional_modules.ts";
import { print, printError } from "./output.ts";
import { urlsOf } from "./urls.ts";

const command = parseCommandLine(Deno.args, {
  PORT: Deno.env.get("PORT"),
  HOST: Deno.env.get("HOST"),
});
if (command.run === "help") print(HELP);
else if (command.run === "refuse") {
  printError(
    `${command.reason}. 'deno task start --help' shows the options.`,
  );
  Deno.exit(2);
} else await run(command);

async function run(command: ServeCommand): Promise<void> {
  const { workers, drain, hostname, port } = command;
  if (workers > 1 && !("listenDatagram" in Deno)) {
    printError("--workers needs the flag --unstable-net, to share the port");
    Deno.exit(2);
  }
  let server: Omit<Server, "hub">;
  let log: Log | undefined;
  try {
    log = command.log === undefined ? undefined : await createLog(command.log);
    server = await start(command, log);
  } catch (error) {
    printError(describeFailure(error, hostname, port));
    Deno.exit(1);
  }
  const urls = urlsOf({
    hostname,
    port: server.addr.port,
    scheme: command.tls === undefined ? "http" : "https",
  });
  if (log !== undefined) log.log("listening", { urls });
  else print(`Drumbeat listens on ${urls.join("\n                    ")}`);
  server.finished.catch((error) => {
    printError(describeFailure(error, hostname, server.addr.port));
    Deno.exit(1);
  });
  let isStopping = false;
  const stop = async () => {
    if (isStopping) Deno.exit(130);
    isStopping = true;
    await server.drain(drain);
    Deno.exit(0);
  };
  Deno.addSignalListener("SIGINT", stop);
  Deno.addSignalListener("SIGTERM", stop);
}

async function start(
  command: ServeCommand,
  log: Log | undefined,
): Promise<Omit<Server, "hub">> {
  const { port, hostname, limits, origins, trustedProxies, workers } = command;
  const options = {
    port,
    hostname,
    limits,
    origins,
    trustedProxies,
    ...(command.tls === undefined ? {} : { tls: await readTls(command.tls) }),
    ...(command.store === undefined
      ? {}
      : { store: await openStore(command.store, command.durability) }),
    onError: (error: unknown, { stage }: { readonly stage: string }) => {
      if (log === undefined) printError(`${stage}: ${describe(error)}`);
    },
  };
  if (workers > 1) return await startWorkers({ ...options, workers });
  const listen = command.transport === "strict" ? await loadStrict() : serve;
  const admin = await createAdminOptions(command);
  const server = await listen({ ...options, ...admin, contract });
  if (log !== undefined) server.hub.observe(log.observer);
  server.hub.observe(telemetry());
  return server;
}

async function readTls(files: TlsOptions): Promise<TlsOptions> {
  const [cert, key] = await Promise.all(
    [files.cert, files.key].map((path) => Deno.readTextFile(path)),
  );
  return { cert: cert!, key: key! };
}

// The modules below are loaded when a flag needs them.

async function loadStrict(): Promise<typeof serveStrict> {
  const { serveStrict } = await import("../strict/strict.ts");
  return serveStrict;
}

async function startWorkers(
  options: ServeWorkersOptions,
): Promise<Omit<Server, "hub">> {
  const { serveWorkers } = await import("../workers/workers.ts");
  return await serveWorkers(options);
}

async function openStore(
  location: string,
  durability: Durability | undefined,
): Promise<StoreFactory> {
  const options = durability === undefined ? {} : { durability };
  if (!/^rediss?:/i.test(location)) {
    const { sqliteStore } = await import("../../adapters/sqlite/store.ts");
    return sqliteStore(location, options);
  }
  const { checkRedis, redisStore } = await import(
    "../../adapters/redis/store.ts"
  );
  try {
    for (const problem of await checkRedis(location, options)) {
      printError(problem);
    }
    return redisStore(location, options);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    printError(error.message);
    Deno.exit(2);
  }
}

function describeFailure(
  error: unknown,
  hostname: string,
  port: number,
): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return `Port ${port} is in use. Choose another one with --port.`;
  }
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof UnavailableError) return reason;
  if (error instanceof Error && isStoreError(error)) return reason;
  return `Cannot listen on ${hostname}:${port}: ${reason}`;
}

function describe(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  // The message of a store that cannot be reached is complete; its stack adds nothing.
  return isStoreError(error) ? error.message : error.stack;
}

/** Compares names, because the classes are in modules that may not be loaded. */
function isStoreError({ name }: Error): boolean {
  return name === "StoreFileError" || name === "RedisUnavailableError";
}
