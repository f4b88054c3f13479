/**
 * `deno task bench:redis`: measures the CPU and memory of a redis-server under the Redis store, for the constants of
 * docs/scaling.md. It takes 45 seconds.
 *
 * @module
 */
import { runs } from "./install.ts";
import { machine } from "./machine.ts";
import { RedisCosts } from "./redis_costs_measure.ts";
import { fitLine, median } from "./statistics.ts";
import { short } from "./table.ts";
import { write } from "./write.ts";

const ROUNDS = 3;
const JSON_FILE = "bench/results/redis.json";
/** The numbers of records in a script, and of nodes that follow the topic. */
const APPENDS = [[1, 1], [8, 1], [64, 1], [1, 10], [1, 40]] as const;

if (!await runs("redis-server")) {
  console.error(
    "Cannot run: no redis-server (install Debian's package redis-server)",
  );
  Deno.exit(1);
}
const rounds: Readonly<Record<string, number>>[] = [];
for (let round = 1; round <= ROUNDS; round++) {
  const measured = await measure();
  rounds.push(measured);
  console.error(`${round}/${ROUNDS}`);
}
for (const name of Object.keys(rounds[0]!)) {
  const values = rounds.map((round) => round[name]!).sort((a, b) => a - b);
  console.log(
    `${name.padEnd(64)} ${short(median(values)).padStart(8)}  (${
      short(values[0]!)
    } to ${short(values.at(-1)!)})`,
  );
}
const about = { ...await machine(), rounds };
await write(JSON_FILE, JSON.stringify(about, null, 2) + "\n");

async function measure(): Promise<Readonly<Record<string, number>>> {
  const found: Record<string, number> = {};
  const point = new Map<string, number>();
  for (const [records, nodes] of APPENDS) {
    await using costs = await RedisCosts.start();
    const us = await costs.append(records, nodes);
    point.set(`${records} ${nodes}`, us);
    found[`CPU µs of a script with ${records} records, ${nodes} nodes follow`] =
      us;
  }
  const of = (records: number, nodes: number) =>
    point.get(`${records} ${nodes}`)!;
  const record = fitLine([1, 8, 64].map((n) => [n, of(n, 1)]));
  found["CPU µs of a script, without its records"] = record.base;
  found["CPU µs of each record"] = record.slope;
  found["CPU µs of each node that follows"] =
    fitLine([1, 10, 40].map((n) => [n, of(1, n)])).slope;
  {
    await using costs = await RedisCosts.start();
    found["bytes of a record of 100 bytes"] = await costs.recordBytes();
  }
  {
    await using costs = await RedisCosts.start();
    const { bytes, lookUs } = await costs.topics();
    found["bytes of a topic with one record"] = bytes;
    found["CPU µs of a check of a topic's head"] = lookUs;
  }
  {
    await using costs = await RedisCosts.start();
    const { bytes, beginUs, keepUs, claimUs } = await costs.sessions();
    found["bytes of a session"] = bytes;
    found["CPU µs of a new session"] = beginUs;
    found["CPU µs of a session's renewal"] = keepUs;
    found["CPU µs of a session's takeover"] = claimUs;
  }
  return found;
}
