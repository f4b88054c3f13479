/**
 * Peers that do nothing wrong, in a thread of their own: `{"port":8000}` starts them, `"lap"` asks how fast delivery was
 * since the last time, `"end"` for the end and the verdict.
 *
 * @module
 */
import { type Client, connect } from "../../../client.ts";
import { check } from "../checker.ts";
import { Ledger } from "../ledger.ts";
import { pacer } from "../pacer.ts";
import { follow, Publisher } from "../recorder.ts";
import type { Lap, Verdict } from "./witnesses.ts";

const TOPIC = "bystanders";
const SUBSCRIBERS = 6;
const PUBLISHERS = 2;
const PER_SECOND = 100;
/** After this long of nothing but waiting, in ms, what has not come is lost. */
const PATIENCE_MS = 30_000;

const ledger = new Ledger();
const clients: Client[] = [];
const publishers: Publisher[] = [];
let latencies: number[] = [];
let reconnects = 0;
let refusals = 0;
let isOver = false;
let publishing: Promise<void> = Promise.resolve();

async function begin(port: number): Promise<void> {
  const sentAt = new Map<string, number>();
  for (let n = 0; n < SUBSCRIBERS; n++) {
    const client = connect(`ws://127.0.0.1:${port}/ws`, {
      lobby: false,
      // A server that is stopped for a while is not given up.
      heartbeat: { intervalMs: 500, timeoutMs: 60_000 },
    });
    clients.push(client);
    let opened = 0;
    client.addEventListener("open", () => {
      if (opened++ > 0) reconnects++;
    });
    const topic = client.topic(TOPIC);
    follow(ledger, topic, `s${n}`);
    topic.onAny((message) => {
      const { publisher, seq } = message as unknown as Record<string, unknown>;
      const since = sentAt.get(`${publisher}#${seq}`);
      if (since !== undefined) latencies.push(performance.now() - since);
    });
    if (n < PUBLISHERS) {
      publishers.push(new Publisher(ledger, client, topic, `p${n}`));
    }
  }
  await Promise.all(clients.map((client) => client.opened()));
  await Promise.all(ledger.streams.map((stream) => stream.begun));
  publishing = (async () => {
    const pace = pacer(PER_SECOND);
    for (let n = 0; !isOver; n++) {
      await pace();
      const publisher = publishers[n % PUBLISHERS]!;
      sentAt.set(
        `${publisher.name}#${Math.floor(n / PUBLISHERS)}`,
        performance.now(),
      );
      void publisher.publish().then(() => {
        const { told } = ledger.published.at(-1)!;
        if (told !== undefined && "code" in told) refusals++;
      });
    }
  })();
}

function lap(): Lap {
  const sorted = latencies.toSorted((a, b) => a - b);
  latencies = [];
  return {
    deliveries: sorted.length,
    p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
  };
}

async function end(): Promise<Verdict> {
  isOver = true;
  await publishing;
  await Promise.all(publishers.map((publisher) => publisher.settled()));
  const last = publishers[0]!;
  await last.publish();
  const told = ledger.published.at(-1)!.told;
  if (told !== undefined && "offset" in told) {
    const place = { epoch: told.epoch!, offset: told.offset + 1 };
    ledger.ends.set(TOPIC, place);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS);
    });
    const all = ledger.streams.map((stream) => stream.reached(place));
    await Promise.race([Promise.all(all), late]);
    clearTimeout(timer);
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

/** This thread, seen from the inside: the same two members. */
const outside = globalThis as unknown as Pick<
  Worker,
  "onmessage" | "postMessage"
>;
outside.onmessage = async ({ data }) => {
  if (data === "lap") outside.postMessage(lap());
  else if (data === "end") outside.postMessage(await end());
  else {
    await begin(data.port);
    outside.postMessage("begun");
  }
};
