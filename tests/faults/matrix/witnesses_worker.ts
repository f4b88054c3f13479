/**
 * The worker of {@linkcode Witnesses}. `{"port":8000}` starts the clients, `"sample"` requests the deliveries since the last
 * sample, and `"finish"` requests the result.
 *
 * @module
 */
import { type Client, connect } from "../../../client.ts";
import { check } from "../checker.ts";
import { Ledger } from "../ledger.ts";
import { RecordingPublisher, recordTopic } from "../recorder.ts";
import { within } from "../within.ts";
import { Workload } from "../workload.ts";
import type { DeliverySample, WitnessResult } from "./witnesses.ts";

const TOPIC = "witnesses";
const SUBSCRIBERS = 6;
const PUBLISHERS = 2;
const PER_SECOND = 100;
/** The longest wait for the last deliveries, in ms. */
const FINISH_MS = 30_000;

const ledger = new Ledger();
const clients: Client[] = [];
const publishers: RecordingPublisher[] = [];
let latencies: number[] = [];
let reconnects = 0;
let refusals = 0;
let workload: Workload | undefined;

async function start(port: number): Promise<void> {
  const sentAt = new Map<string, number>();
  for (let n = 0; n < SUBSCRIBERS; n++) {
    const client = connect(`ws://127.0.0.1:${port}/ws`, {
      lobby: false,
      // A long timeout: one of the attacks stops the server for seconds.
      heartbeat: { intervalMs: 500, timeoutMs: 60_000 },
    });
    clients.push(client);
    let opened = 0;
    client.addEventListener("open", () => {
      if (opened++ > 0) reconnects++;
    });
    const topic = client.topic(TOPIC);
    recordTopic(ledger, topic, `s${n}`);
    topic.onAny((message) => {
      const { publisher, seq } = message as unknown as Record<string, unknown>;
      const since = sentAt.get(`${publisher}#${seq}`);
      if (since !== undefined) latencies.push(performance.now() - since);
    });
    if (n < PUBLISHERS) {
      publishers.push(new RecordingPublisher(ledger, client, topic, `p${n}`));
    }
  }
  await Promise.all(clients.map((client) => client.opened()));
  await Promise.all(ledger.streams.map((stream) => stream.firstObservation));
  workload = new Workload(PER_SECOND, async (n) => {
    const publisher = publishers[n % PUBLISHERS]!;
    const seq = Math.floor(n / PUBLISHERS);
    sentAt.set(`${publisher.name}#${seq}`, performance.now());
    if ("code" in await publisher.publish()) refusals++;
  });
}

function sample(): DeliverySample {
  const sorted = latencies.toSorted((a, b) => a - b);
  latencies = [];
  return {
    deliveries: sorted.length,
    p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
  };
}

async function finish(): Promise<WitnessResult> {
  await workload?.stop();
  await Promise.all(publishers.map((publisher) => publisher.settled()));
  const outcome = await publishers[0]!.publish();
  if ("offset" in outcome) {
    const end = { epoch: outcome.epoch!, offset: outcome.offset + 1 };
    ledger.ends.set(TOPIC, end);
    const all = ledger.streams.map((stream) => stream.reached(end));
    await within(Promise.all(all), FINISH_MS);
  }
  const violations = check(ledger);
  for (const client of clients) await client[Symbol.asyncDispose]();
  return {
    published: ledger.published.length,
    delivered: ledger.delivered,
    gaps: ledger.gaps,
    reconnects,
    refusals,
    violations: violations.map(({ kind, detail }) => `${kind}: ${detail}`),
  };
}

/** The global scope of this worker. TypeScript has no type for it without a library of its own. */
const scope = globalThis as unknown as Pick<
  Worker,
  "onmessage" | "postMessage"
>;
scope.onmessage = async ({ data }) => {
  if (data === "sample") scope.postMessage(sample());
  else if (data === "finish") scope.postMessage(await finish());
  else {
    await start(data.port);
    scope.postMessage("started");
  }
};
