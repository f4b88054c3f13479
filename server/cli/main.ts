/**
 * The command line: `deno task start`. It is the only part of Drumbeat that prints and that ends the process.
 *
 * @module
 */
import { telemetry } from "../../adapters/observe/opentelemetry.ts";
import { contract } from "../../static/contract.ts";
import { serve, type Server, type TlsOptions } from "../serve.ts";
import type { serveStrict } from "../strict/strict.ts";
import type { ServeWorkersOptions } from "../workers/workers.ts";
import { parseCommandLine, type ServeCommand } from "./command_line.ts";
import { drainNotice } from "./drain_notice.ts";
import { HELP } from "./help.ts";
import {
  createAdminOptions,
  createLog,
  type Log,
  UnavailableError,
} from "./optional_modules.ts";
import { LineWriter, print, printError } from "./output.ts";
import { refusedPages } from "./refused_pages.ts";
import { StopSignals } from "./stop_signals.ts";
import { describeStoreAccess, storeOptions, storeVariable } from "./store.ts";
import { urlsOf } from "./urls.ts";

/** The longest wait for a blocked output before the process ends, in ms. */
const FLUSH_MS = 500;

const errors: LineWriter = new LineWriter(Deno.stderr, {
  dropped: (lines) =>
    errors.write(`${lines} lines were dropped: the output was blocked\n`),
});

/** Not `print`: a paused terminal would block the drain. */
const notes = new LineWriter(Deno.stdout, { dropped() {} });

const command = parseCommandLine(Deno.args, {
  PORT: Deno.env.get("PORT"),
  HOST: Deno.env.get("HOST"),
  DRUMBEAT_STORE: storeVariable(),
});
if (command.run === "help") print(HELP);
else if (command.run === "refuse") {
  printError(
    `${command.reason}. 'deno task start --help' shows the options.`,
  );
  Deno.exit(2);
} else await run(command);

async function run(command: ServeCommand): Promise<void> {
  const { workers, drain, hostname } = command;
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
    printError(describeFailure(error, command));
    Deno.exit(1);
  }
  const urls = urlsOf({
    hostname,
    port: server.addr.port,
    scheme: command.tls === undefined ? "http" : "https",
  });
  if (log !== undefined) log.log("listening", { urls });
  else print(`Drumbeat listens on ${urls.join("\n                    ")}`);
  const flush = () =>
    Promise.all([
      errors.flush(FLUSH_MS),
      notes.flush(FLUSH_MS),
      log?.flush(FLUSH_MS),
    ]);
  server.finished.catch(async (error) => {
    const listening = { ...command, port: server.addr.port };
    errors.write(`${describeFailure(error, listening)}\n`);
    await flush();
    Deno.exit(1);
  });
  const signals = new StopSignals({
    drain: async () => {
      await server.drain(drain);
      await flush();
      Deno.exit(0);
    },
    end: () => Deno.exit(130),
  });
  // SIGHUP: the terminal was closed.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => signals.receive());
  }
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
    ...await storeOptions(command),
    onError: (error: unknown, { stage }: { readonly stage: string }) => {
      if (log === undefined) errors.write(`${stage}: ${describe(error)}\n`);
    },
  };
  const onRefusedPage = (line: string) => errors.write(`${line}\n`);
  if (workers > 1) {
    return await startWorkers({ ...options, workers, onRefusedPage });
  }
  const listen = command.transport === "strict" ? await loadStrict() : serve;
  const admin = await createAdminOptions(command);
  const server = await listen({ ...options, ...admin, contract });
  const observers = log === undefined
    ? [
      refusedPages(onRefusedPage),
      drainNotice((line) => notes.write(`${line}\n`)),
    ]
    : [log.observer];
  for (const observer of observers) server.hub.observe(observer);
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

function describeFailure(
  error: unknown,
  { hostname, port, variables, store }: ServeCommand,
): string {
  const setBy = (variable: string | undefined) =>
    variable === undefined ? "" : ` (set by the variable ${variable})`;
  if (error instanceof Deno.errors.AddrInUse) {
    return `Port ${port}${
      setBy(variables.port)
    } is in use. Choose another one with --port.`;
  }
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof UnavailableError) return reason;
  if (error instanceof Error && isStoreError(error)) {
    return describeStoreAccess(error, store) ?? reason;
  }
  return `Cannot listen on ${hostname}:${port}${
    setBy(variables.hostname ?? variables.port)
  }: ${reason}`;
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
