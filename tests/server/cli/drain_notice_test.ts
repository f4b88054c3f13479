import { assertEquals, assertMatch } from "@std/assert";
import { drainNotice } from "../../../server/cli/drain_notice.ts";
import { SpawnedServer } from "../spawned.ts";
import { WirePeer } from "../wire_peer.ts";

Deno.test("prints a line for a drain with connections, and none without", () => {
  const lines: string[] = [];
  const observer = drainNotice((line) => lines.push(line));
  for (const connections of [0, 1, 3]) observer.draining!(connections);
  assertEquals(lines, [
    "Draining 1 connection… A second signal ends the server at once.",
    "Draining 3 connections… A second signal ends the server at once.",
  ]);
});

Deno.test("the server prints that it drains its connections", async () => {
  await using server = await SpawnedServer.start();
  const peer = await WirePeer.plain(server.port);
  server.signal("SIGINT");
  await peer.closed;
  const { code, stdout, stderr } = await server.ended;
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /\nDraining 1 connection… [^\n]+\n$/);
});
