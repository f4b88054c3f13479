import { assertEquals } from "@std/assert";
import { type Duty, PEERS, peersFolder } from "../../bench/peers.ts";
import { root } from "../../bench/root.ts";
import { scenarios } from "../../bench/scenarios.ts";

const [drumbeat] = PEERS;

async function json(path: string) {
  return JSON.parse(await Deno.readTextFile(path));
}

Deno.test("Drumbeat runs the command of 'deno task start', without inbound limits", async () => {
  const { tasks } = await json(`${root}deno.json`);
  const [, ...words] = drumbeat!.command("fan-out", 0);
  assertEquals(
    `deno ${words.join(" ")}`,
    `${tasks.start.command} --port 0 --limits none`,
  );
});

Deno.test("only the restart has a store, and only requests have another program", () => {
  const has = (duty: Duty, word: string) =>
    drumbeat!.command(duty, 0).some((part) => part.endsWith(word));
  assertEquals(has("restart", "--store"), true);
  assertEquals(has("replay", "--store"), false);
  assertEquals(has("request", "drumbeat_requests.ts"), true);
  assertEquals(has("request", "server/cli/main.ts"), false);
});

Deno.test("every peer from npm is pinned to one version, the same in the lock file", async () => {
  const { dependencies } = await json(`${peersFolder}/package.json`);
  const { packages } = await json(`${peersFolder}/package-lock.json`);
  assertEquals(Object.keys(dependencies), [
    "@socket.io/redis-streams-adapter",
    "bun",
    "crossws",
    "redis",
    "socket.io",
    "ws",
  ]);
  for (const [name, version] of Object.entries(dependencies)) {
    assertEquals(packages[`node_modules/${name}`].version, version);
  }
});

Deno.test("every scenario has a unique name, a server and a number", () => {
  for (const quick of [true, false]) {
    const all = scenarios(quick);
    assertEquals(new Set(all.map(({ name }) => name)).size, all.length);
    for (const { duty, metrics } of all) {
      assertEquals(PEERS[0]!.duties.includes(duty), true);
      assertEquals(metrics.length > 0, true);
    }
  }
});

Deno.test("fan-out is measured at 1, 8 and 64 in flight to 100, 500 and 5,000", () => {
  const names = scenarios(false).filter(({ kind }) => kind === "fan-out")
    .map(({ name }) => name);
  assertEquals(
    names.toSorted(),
    [1, 8, 64].flatMap((inFlight) =>
      [100, 500, 5000].map((count) => `fan-out-${inFlight}x${count}`)
    ).toSorted(),
  );
});
