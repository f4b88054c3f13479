import { assertEquals } from "@std/assert";
import { MemoryWorld } from "./simulation.ts";

/** A client's hello is on its way when its connection is lost; the next connection is dialled. */
async function strayHello(world: MemoryWorld, who: number): Promise<void> {
  world.cut(who, "client");
  await world.pass(120);
  await world.carry(who, "up", 1);
  await world.carry(who, "down", 1);
  world.cut(who, "client");
  await world.pass(120);
}

Deno.test("a hello that arrives after the connection that was dialled later does not end the client", async () => {
  const world = await MemoryWorld.begin();
  await strayHello(world, 0);
  for (let n = 0; n < 3; n++) {
    await world.carry(0, "up", 1);
    await world.carry(0, "down", 1);
  }
  assertEquals(world.actors[0]!.client.state, "open");
  await world.late();
  world.publish(0, "still", {});
  world.publish(1, "still", {});
  assertEquals(await world.verdict(), []);
  assertEquals(world.actors[0]!.client.lastClose?.code, 4505);
  await world.end();
});

Deno.test("who takes a session from a client that sent no hello in vain still keeps it", async () => {
  const world = await MemoryWorld.begin();
  const { client, wire } = world.actors[0]!;
  // The hello of another tab with this one's session.
  await world.steal(wire);
  await world.carry(0, "down", 10);
  assertEquals(client.state, "closed");
  assertEquals(client.lastClose?.code, 4505);
  await world.end();
});
