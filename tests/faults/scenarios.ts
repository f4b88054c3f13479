import { hasRedis, RedisServer } from "../adapters/redis/redis_server.ts";
import { hasProgram } from "../deploy/programs.ts";
import { hasBrowser, launchBrowser } from "../page/browser.ts";
import { Random } from "./random.ts";
import { add, type ScenarioResult } from "./scenario.ts";
import { concurrentResumes } from "./scenarios/concurrent_resumes.ts";
import { disconnects } from "./scenarios/disconnects.ts";
import { frozenTab } from "./scenarios/frozen_tab.ts";
import { kills } from "./scenarios/kills.ts";
import { mixed } from "./scenarios/mixed.ts";
import { failover, race } from "./scenarios/nodes.ts";
import { REDIS_FAULTS, redisFaults } from "./scenarios/redis_faults.ts";
import { resumeBytes } from "./scenarios/resume_bytes.ts";
import { rolling } from "./scenarios/rolling.ts";
import { ServerProcess } from "./server_process.ts";
import { formatViolations } from "./table.ts";

/** The settings of a run of scenarios. */
export interface ScenarioContext {
  readonly random: Random;
  /** The number of runs of the scenario `seeds`. */
  readonly seeds: number;
  /** Returns the path of a new file for a store. */
  newFile(): string;
}

/** A client that notices an ended connection quickly: a short run cannot wait for the default heartbeat. */
const SHORT_HEARTBEAT = { heartbeat: { intervalMs: 150, timeoutMs: 450 } };
const SMALL_SERVER = "tests/faults/small_server.ts";
const MANY_DISCONNECTS = { clients: 50, perSecond: 500 };
const MANY_KILLS = {
  kills: 20,
  subscribers: 50,
  publishers: 2,
  perSecond: 500,
  between: 400,
};

/** The scenarios of `deno task chaos` by their names. */
export const SCENARIOS: Readonly<
  Record<string, (context: ScenarioContext) => Promise<ScenarioResult>>
> = {
  disconnects: ({ random }) =>
    onServer([], (server) =>
      disconnects(server, random, {
        ...MANY_DISCONNECTS,
        messages: 30_000,
        faults: 1000,
      })),
  "disconnects-store": ({ random, newFile }) =>
    onServer(["--store", newFile()], (server) =>
      disconnects(server, random, {
        ...MANY_DISCONNECTS,
        messages: 15_000,
        faults: 500,
      })),
  seeds: manySeeds,
  "resume-bytes": ({ random }) =>
    onServer(
      [],
      (server) => resumeBytes(server, random, { from: 0, to: 4096 }),
    ),
  "resume-bytes-store": ({ random, newFile }) =>
    onServer(
      ["--store", newFile()],
      (server) => resumeBytes(server, random, { from: 0, to: 4096, step: 7 }),
    ),
  "kill-store": ({ random, newFile }) =>
    kills(random, { ...MANY_KILLS, store: newFile() }),
  "kill-memory": ({ random }) => kills(random, MANY_KILLS),
  "concurrent-resumes": ({ random }) =>
    onServer(
      [],
      (server) => concurrentResumes(server, random, { rounds: 1000 }),
    ),
  "concurrent-resumes-store": ({ random, newFile }) =>
    onServer(
      ["--store", newFile()],
      (server) => concurrentResumes(server, random, { rounds: 200 }),
    ),
  mixed: ({ random }) =>
    onServer(
      [JSON.stringify({ sessionMs: 300, maxRecords: 64 })],
      (server) =>
        mixed(server, random, {
          steps: 10_000,
          perSecond: 500,
          faults: 400,
          outages: 5,
          outageMs: 900,
        }),
      SMALL_SERVER,
    ),
  rolling: ({ random }) => restarts(random, "drain"),
  "rolling-kill": ({ random }) => restarts(random, "kill"),
  "redis-race": ({ random }) =>
    onRedis(({ url }) =>
      race(random, {
        store: url,
        subscribers: 20,
        publishers: 10,
        messages: 30_000,
      })
    ),
  "redis-failover": ({ random }) =>
    onRedis(({ url }) =>
      failover(random, {
        store: url,
        subscribers: 20,
        publishers: 4,
        messages: 10_000,
        perSecond: 500,
        failovers: 20,
      })
    ),
  ...Object.fromEntries(
    (Object.keys(REDIS_FAULTS) as (keyof typeof REDIS_FAULTS)[]).map((
      fault,
    ) => [
      `redis-${fault}`,
      ({ random }: ScenarioContext) =>
        onRedis((redis) =>
          redisFaults(random, {
            redis,
            fault,
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

/** Returns the scenarios that cannot run on this machine, with the missing program. */
export async function unavailable(): Promise<ReadonlyMap<string, string>> {
  const missing = new Map<string, string>();
  if (!hasBrowser) missing.set("frozen-tab", "Chromium");
  const hasProxy = await hasProgram("haproxy");
  for (const name of Object.keys(SCENARIOS)) {
    const isRolling = name.startsWith("rolling");
    if (isRolling && !hasProxy) missing.set(name, "haproxy");
    if ((isRolling || name.startsWith("redis-")) && !hasRedis) {
      missing.set(name, "redis-server");
    }
  }
  return missing;
}

/** Restarts two nodes on one Redis behind HAProxy by turns. */
async function restarts(
  random: Random,
  end: "drain" | "kill",
): Promise<ScenarioResult> {
  await using redis = await RedisServer.start();
  return await rolling(random, {
    store: redis.url,
    subscribers: 28,
    publishers: 4,
    perSecond: 500,
    restarts: 10,
    end,
    // After a kill a client's backoff doubles with each restart, so that a limit would measure the backoff.
    ...(end === "drain" ? { withinMs: 3000 } : {}),
  });
}

/** Runs short scenarios, each with a seed of its own, by turns in memory and on disk. */
async function manySeeds(
  { random, seeds, newFile }: ScenarioContext,
): Promise<ScenarioResult> {
  let sum: ScenarioResult | undefined;
  await onServer(
    [],
    (memory) =>
      onServer(["--store", newFile()], async (disk) => {
        for (let n = 0; n < seeds; n++) {
          const seed = random.seed + n;
          const result = await disconnects(
            n % 2 === 0 ? memory : disk,
            new Random(seed),
            { clients: 10, messages: 200, faults: 20, client: SHORT_HEARTBEAT },
          );
          if (result.violations.length > 0) {
            console.log(`seed ${seed}: ${formatViolations(result.violations)}`);
          }
          sum = sum === undefined ? result : add(sum, result);
        }
        return sum!;
      }),
  );
  return { ...sum!, notes: `${seeds} seeds` };
}

/** Runs a scenario on a server of its own. An error that the server prints is a violation. */
async function onServer(
  args: readonly string[],
  run: (server: ServerProcess) => Promise<ScenarioResult>,
  program?: string,
): Promise<ScenarioResult> {
  const server = await new ServerProcess(args, program).start();
  const result = await run(server).finally(() => server[Symbol.asyncDispose]());
  if (server.stderr === "") return result;
  const detail = `The server printed: ${server.stderr}`;
  const violation = { kind: "rule", topic: "", client: "", detail } as const;
  return { ...result, violations: [...result.violations, violation] };
}

/** Runs a scenario on a Redis of its own. */
async function onRedis(
  run: (redis: RedisServer) => Promise<ScenarioResult>,
): Promise<ScenarioResult> {
  await using redis = await RedisServer.start();
  return await run(redis);
}
