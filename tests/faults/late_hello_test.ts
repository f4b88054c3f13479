import { assertEquals } from "@std/assert";
import { Simulation } from "./simulation.ts";

/** Ends a client's connection while its hello is on its way, and lets the client open the next connection. */
async function loseHello(
  simulation: Simulation,
  client: number,
): Promise<void> {
  simulation.disconnect(client, "client");
  await simulation.advance(120);
  await simulation.deliver(client, "up", 1);
  await simulation.deliver(client, "down", 1);
  simulation.disconnect(client, "client");
  await simulation.advance(120);
}

Deno.test("a hello that arrives after a later connection has started does not close the client", async () => {
  const simulation = await Simulation.start();
  await loseHello(simulation, 0);
  for (let n = 0; n < 3; n++) {
    await simulation.deliver(0, "up", 1);
    await simulation.deliver(0, "down", 1);
  }
  const { client } = simulation.clients[0]!;
  assertEquals(client.state, "open");
  await simulation.deliverStale();
  simulation.publish(0, "still", {});
  simulation.publish(1, "still", {});
  assertEquals(await simulation.check(), []);
  assertEquals(client.lastClose?.code, 4505);
  await simulation.close();
});

Deno.test("a second tab with the session of a client that lost no hello closes the client", async () => {
  const simulation = await Simulation.start();
  const { client, connection } = simulation.clients[0]!;
  await simulation.takeOver(connection);
  await simulation.deliver(0, "down", 10);
  assertEquals(client.state, "closed");
  assertEquals(client.lastClose?.code, 4505);
  await simulation.close();
});
