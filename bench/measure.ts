import { type Measured, runGenerator } from "./generator.ts";
import { type Peer, storeFile } from "./peers.ts";
import { flags, type Scenario } from "./scenarios.ts";
import { ServerProcess } from "./server_process.ts";

/**
 * Measures one scenario on one server: starts it, runs the load once, ends it.
 *
 * @throws {LoadError} when a delivery is missing, {@linkcode Error} when the server does not start.
 */
export async function measure(
  scenario: Scenario,
  peer: Peer,
): Promise<Measured> {
  if (scenario.duty === "restart") return await measureRestart(scenario, peer);
  await using server = await ServerProcess.start(peer, scenario.duty);
  return await runGenerator(load(scenario, peer, server));
}

async function measureRestart(
  scenario: Scenario,
  peer: Peer,
): Promise<Measured> {
  await removeStore();
  let server = await ServerProcess.start(peer, scenario.duty);
  try {
    return await runGenerator(load(scenario, peer, server), async () => {
      const { port } = server;
      await server.stop();
      server = await ServerProcess.start(peer, scenario.duty, port);
      return `go ${server.pid}`;
    });
  } finally {
    await server[Symbol.asyncDispose]();
    await removeStore();
  }
}

function load(
  scenario: Scenario,
  peer: Peer,
  { port, pid }: ServerProcess,
): readonly string[] {
  return [...flags({ port, pid, dialect: peer.dialect }), ...scenario.load];
}

async function removeStore(): Promise<void> {
  for (const end of ["", "-wal", "-shm"]) {
    await Deno.remove(storeFile + end).catch(() => {});
  }
}
