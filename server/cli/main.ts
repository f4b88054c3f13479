/**
 * The command line: `deno task start`. It prints, and it ends the process; nothing else in Drumbeat does.
 *
 * @module
 */
import type { Durability } from "../../adapters/sqlite/store.ts";
import { telemetry } from "../../adapters/observe/opentelemetry.ts";
import { contract } from "../../static/contract.ts";
import {
  loadAdmin,
  loadLog,
  type Log,
  UnavailableError,
} from "./optional_modules.ts";
import { readCommand } from "./command_line.ts";
import type { StoreFactory } from "../../hub.ts";
import { HELP } from "./help.ts";
import { serve, type Server, type TlsOptions } from "../serve.ts";
import type { serveStrict } from "../strict/strict.ts";
import { urlsOf } from "./urls.ts";
import type { ServeWorkersOptions } from "../workers/workers.ts";

const command = readCommand(Deno.args, {
  PORT: Deno.env.get("PORT"),
  HOST: Deno.env.get("HOST"),
});
if (command.run === "help") say(HELP);
else if (command.run === "refuse") {
  complain(`${command.why}. 'deno task start --help' shows the options.`);
  Deno.exit(2);
} else await run(command);

async function run(
  asked: Extract<typeof command, { run: "serve" }>,
): Promise<void> {
  const { store, durability, drain, tls, transport, run: _, ...rest } = asked;
  const { workers, metrics, adminTokenFile, log: format, ...options } = rest;
  const { hostname, port } = options;
  if (workers > 1 && !("listenDatagram" in Deno)) {
    complain("--workers needs the flag --unstable-net, to share the port");
    Deno.exit(2);
  }
  let server: Omit<Server, "hub">;
  let log: Log | undefined;
  try {
    log = format === undefined ? undefined : await loadLog(format);
    const running = {
      ...options,
      ...(tls === undefined ? {} : { tls: await readTls(tls) }),
      ...(store === undefined ? {} : { store: await open(store, durability) }),
      onError: (error: unknown, { stage }: { readonly stage: string }) => {
        if (log === undefined) complain(`${stage}: ${wordsOf(error)}`);
      },
    };
    if (workers > 1) server = await serveMany({ ...running, workers });
    else {
      const listen = transport === "strict" ? await strict() : serve;
      const admin = await loadAdmin({ metrics, adminTokenFile });
      const one = await listen({ ...running, ...admin, contract });
      if (log !== undefined) one.hub.observe(log.observer);
      one.hub.observe(telemetry());
      server = one;
    }
  } catch (error) {
    complain(reasonOf(error, hostname, port));
    Deno.exit(1);
  }
  const urls = urlsOf({
    hostname,
    port: server.addr.port,
    scheme: tls === undefined ? "http" : "https",
  });
  if (log !== undefined) log.note("listening", { urls });
  else say(`Drumbeat listens on ${urls.join("\n                    ")}`);
  server.finished.catch((error) => {
    complain(reasonOf(error, hostname, server.addr.port));
    Deno.exit(1);
  });
  let stopping = false;
  const stop = async () => {
    // Whoever asks twice means it.
    if (stopping) Deno.exit(130);
    stopping = true;
    await server.drain(drain);
    Deno.exit(0);
  };
  Deno.addSignalListener("SIGINT", stop);
  Deno.addSignalListener("SIGTERM", stop);
}

async function readTls(files: TlsOptions): Promise<TlsOptions> {
  const [cert, key] = await Promise.all(
    [files.cert, files.key].map((path) => Deno.readTextFile(path)),
  );
  return { cert: cert!, key: key! };
}

async function strict(): Promise<typeof serveStrict> {
  // Only who wants it pays for the package.
  const { serveStrict } = await import("../strict/strict.ts");
  return serveStrict;
}

async function open(
  where: string,
  durability: Durability | undefined,
): Promise<StoreFactory> {
  const options = durability === undefined ? {} : { durability };
  // Only who wants a store pays for its engine.
  if (!/^rediss?:/i.test(where)) {
    const { sqliteStore } = await import("../../adapters/sqlite/store.ts");
    return sqliteStore(where, options);
  }
  const { checkRedis, redisStore } = await import(
    "../../adapters/redis/store.ts"
  );
  try {
    for (const problem of await checkRedis(where, options)) complain(problem);
    return redisStore(where, options);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    complain(error.message);
    Deno.exit(2);
  }
}

async function serveMany(
  options: ServeWorkersOptions,
): Promise<Omit<Server, "hub">> {
  const { serveWorkers } = await import("../workers/workers.ts");
  return await serveWorkers(options);
}

function reasonOf(error: unknown, hostname: string, port: number): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return `Port ${port} is in use. Choose another one with --port.`;
  }
  const why = error instanceof Error ? error.message : String(error);
  if (error instanceof UnavailableError) return why;
  if (error instanceof Error && isStoreError(error)) return why;
  return `Cannot listen on ${hostname}:${port}: ${why}`;
}

/** A store that cannot be reached says all there is to say in one line. */
function wordsOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return isStoreError(error) ? error.message : error.stack;
}

/** By name: only who has such a store has loaded the class. */
function isStoreError({ name }: Error): boolean {
  return name === "StoreFileError" || name === "RedisUnavailableError";
}

/** A full disk behind the output must not end the server. */
function say(text: string): void {
  try {
    console.log(text);
  } catch {
    // Nowhere to say it.
  }
}

function complain(text: string): void {
  try {
    console.error(text);
  } catch {
    // Nowhere to say it.
  }
}
