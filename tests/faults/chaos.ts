/**
 * `deno task chaos --seed N --minutes M --scenario NAME --seeds K`: real servers, real clients, and a network that fails.
 * Prints a table and ends with 1 when anything was lost, doubled, out of order or missed without a word.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { hasRedis, RedisServer } from "../adapters/redis/redis_server.ts";
import { hasProgram } from "../deploy/programs.ts";
import { hasBrowser, launchBrowser } from "../page/browser.ts";
import { Random } from "./random.ts";
import { cuts } from "./scenarios/disconnects.ts";
import { frozenTab } from "./scenarios/frozen_tab.ts";
import { kills } from "./scenarios/kills.ts";
import { mixed } from "./scenarios/mixed.ts";
import { hops, race } from "./scenarios/nodes.ts";
import { parallel } from "./scenarios/concurrent_resumes.ts";
import { resumeBytes } from "./scenarios/resume_bytes.ts";
import { rolling } from "./scenarios/rolling.ts";
import { TROUBLES, troubles } from "./scenarios/redis_faults.ts";
import { ServerProcess } from "./server_process.ts";
import { add, type Outcome } from "./scenario.ts";
import { explain, type Line, table } from "./table.ts";

const HELP = `Usage: deno task chaos [options]

  --seed NUMBER      where chance begins                            [random]
  --minutes NUMBER   begin again, with the next seed, until so many
                     minutes have passed                            [0: once]
  --scenario NAME    only this one; may be given more than once     [all]
  --seeds NUMBER     how many short runs the scenario 'seeds' has   [20]

Scenarios: `;

const MAX_MINUTES = 600;
const MAX_SEEDS = 10_000;
/** Clients that notice a dead connection quickly: a short run has no time to wait. */
const NERVOUS = { heartbeat: { intervalMs: 150, timeoutMs: 450 } };
const SMALL_SERVER = "tests/faults/small_server.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    seed: { type: "string" },
    minutes: { type: "string", default: "0" },
    scenario: { type: "string", multiple: true },
    seeds: { type: "string", default: "20" },
    help: { type: "boolean", short: "h" },
  },
});
let folder: string | undefined;
let files = 0;

const SCENARIOS: Readonly<
  Record<string, (random: Random) => Promise<Outcome>>
> = {
  cuts: (random) =>
    onServer([], (server) =>
      cuts(server, random, {
        clients: 50,
        messages: 30_000,
        perSecond: 500,
        cuts: 1000,
      })),
  "cuts-store": (random) =>
    onServer(["--store", newFile()], (server) =>
      cuts(server, random, {
        clients: 50,
        messages: 15_000,
        perSecond: 500,
        cuts: 500,
      })),
  seeds: manySeeds,
  "resume-bytes": (random) =>
    onServer(
      [],
      (server) => resumeBytes(server, random, { from: 0, to: 4096 }),
    ),
  "resume-bytes-store": (random) =>
    onServer(
      ["--store", newFile()],
      (server) => resumeBytes(server, random, { from: 0, to: 4096, step: 7 }),
    ),
  "kill-store": (random) =>
    kills(random, {
      store: newFile(),
      kills: 20,
      subscribers: 50,
      publishers: 2,
      perSecond: 500,
      between: 400,
    }),
  "kill-memory": (random) =>
    kills(random, {
      kills: 20,
      subscribers: 50,
      publishers: 2,
      perSecond: 500,
      between: 400,
    }),
  parallel: (random) =>
    onServer([], (server) => parallel(server, random, { rounds: 1000 })),
  "parallel-store": (random) =>
    onServer(
      ["--store", newFile()],
      (server) => parallel(server, random, { rounds: 200 }),
    ),
  mixed: (random) =>
    onServer(
      [JSON.stringify({ sessionMs: 300, maxRecords: 64 })],
      (server) =>
        mixed(server, random, {
          steps: 10_000,
          perSecond: 500,
          cuts: 400,
          sleeps: 5,
          sleepMs: 900,
        }),
      SMALL_SERVER,
    ),
  rolling: (random) => restarts(random, "drain"),
  "rolling-kill": (random) => restarts(random, "kill"),
  "redis-race": (random) =>
    onRedis(({ url }) =>
      race(random, {
        store: url,
        subscribers: 20,
        publishers: 10,
        messages: 30_000,
      })
    ),
  "redis-hops": (random) =>
    onRedis(({ url }) =>
      hops(random, {
        store: url,
        subscribers: 20,
        publishers: 4,
        messages: 10_000,
        perSecond: 500,
        hops: 20,
      })
    ),
  ...Object.fromEntries(
    (Object.keys(TROUBLES) as (keyof typeof TROUBLES)[]).map((trouble) => [
      `redis-${trouble}`,
      (random: Random) =>
        onRedis((redis) =>
          troubles(random, {
            redis,
            trouble,
            subscribers: 20,
            publishers: 4,
            perSecond: 500,
            forMs: 10_000,
            times: 2,
          })
        ),
    ]),
  ),
  "frozen-tab": () =>
    onServer(
      [],
      async (server) => {
        const browser = await launchBrowser();
        return await frozenTab(server, browser, {
          frozenMs: 30_000,
          perSecond: 20,
          withinMs: 2000,
        }).finally(() => browser.close());
      },
    ),
};

/** Two nodes on one Redis, behind HAProxy, restarted by turns. */
async function restarts(
  random: Random,
  end: "drain" | "kill",
): Promise<Outcome> {
  await using redis = await RedisServer.start();
  return await rolling(random, {
    store: redis.url,
    subscribers: 28,
    publishers: 4,
    perSecond: 500,
    restarts: 10,
    end,
    // From a node that is killed every few seconds clients stay away for longer each time.
    ...(end === "drain" ? { withinMs: 3000 } : {}),
  });
}

/** Scenarios that cannot be played here, and why. */
const MISSING = new Map<string, string>();
if (!hasBrowser) MISSING.set("frozen-tab", "Chromium");
for (const name of ["rolling", "rolling-kill"]) {
  if (!await hasProgram("haproxy")) MISSING.set(name, "haproxy");
  if (!hasRedis) MISSING.set(name, "redis-server");
}
for (const name of Object.keys(SCENARIOS)) {
  if (name.startsWith("redis-") && !hasRedis) MISSING.set(name, "redis-server");
}

/** Many short runs, each with a seed of its own, in memory and on disk by turns. */
async function manySeeds(random: Random): Promise<Outcome> {
  let sum: Outcome | undefined;
  await onServer(
    [],
    (memory) =>
      onServer(["--store", newFile()], async (disk) => {
        for (let n = 0; n < whole(values.seeds, MAX_SEEDS); n++) {
          const seed = random.seed + n;
          const outcome = await cuts(
            n % 2 === 0 ? memory : disk,
            new Random(seed),
            { clients: 10, messages: 200, cuts: 20, client: NERVOUS },
          );
          if (outcome.violations.length > 0) {
            console.log(`seed ${seed}: ${explain(outcome.violations)}`);
          }
          sum = sum === undefined ? outcome : add(sum, outcome);
        }
        return sum!;
      }),
  );
  return { ...sum!, notes: `${values.seeds} seeds` };
}

/** Runs something on a server of its own. What that complains of is a violation. */
async function onServer(
  args: readonly string[],
  run: (server: ServerProcess) => Promise<Outcome>,
  program?: string,
): Promise<Outcome> {
  const server = await new ServerProcess(args, program).start();
  const outcome = await run(server).finally(() =>
    server[Symbol.asyncDispose]()
  );
  if (server.complaints === "") return outcome;
  const detail = `The server complained: ${server.complaints}`;
  const violation = { kind: "rule", topic: "", who: "", detail } as const;
  return { ...outcome, violations: [...outcome.violations, violation] };
}

/** Runs something on a Redis of its own. */
async function onRedis(
  run: (redis: RedisServer) => Promise<Outcome>,
): Promise<Outcome> {
  await using redis = await RedisServer.start();
  return await run(redis);
}

function newFile(): string {
  folder ??= Deno.makeTempDirSync({ prefix: "drumbeat-chaos-" });
  return `${folder}/${files++}.db`;
}

function whole(text: string, most: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0 || number > most) {
    console.error(`'${text}' is not a whole number from 0 to ${most}`);
    Deno.exit(2);
  }
  return number;
}

async function play(): Promise<boolean> {
  const names = values.scenario ??
    Object.keys(SCENARIOS).filter((name) => !MISSING.has(name));
  for (const [name, what] of MISSING) {
    console.log(`SKIPPED (no ${what}): ${name}`);
  }
  const unknown = names.find((name) => !Object.hasOwn(SCENARIOS, name));
  if (unknown !== undefined) {
    console.error(`There is no scenario '${unknown}'`);
    Deno.exit(2);
  }
  const first = values.seed === undefined
    ? crypto.getRandomValues(new Uint32Array(1))[0]!
    : whole(values.seed, 2 ** 32 - 1);
  const end = performance.now() + whole(values.minutes, MAX_MINUTES) * 60_000;
  console.log(`seed ${first}`);
  const lines: Line[] = [];
  let seed = first;
  do {
    for (const scenario of names) {
      if (seed > first && performance.now() >= end) break;
      const start = performance.now();
      const outcome = await SCENARIOS[scenario]!(new Random(seed));
      const seconds = (performance.now() - start) / 1000;
      const line = { scenario, seed: String(seed), seconds, ...outcome };
      lines.push(line);
      console.log(table([line]).split("\n")[1]);
      if (outcome.violations.length === 0) continue;
      console.log(explain(outcome.violations));
      console.log(
        `Again: deno task chaos --seed ${seed} --scenario ${scenario}`,
      );
    }
    seed++;
  } while (performance.now() < end);
  console.log(`\n${table(lines)}`);
  return lines.every(({ violations }) => violations.length === 0);
}

if (values.help) console.log(HELP + Object.keys(SCENARIOS).join(", "));
else {
  const isWell = await play().finally(async () => {
    if (folder !== undefined) await Deno.remove(folder, { recursive: true });
  });
  Deno.exit(isWell ? 0 : 1);
}
