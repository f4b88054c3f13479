import { createClient } from "npm:@redis/client@6.3.1";
import { WebClock } from "../adapters/clock_web.ts";
import { RedisStore } from "../adapters/redis/store.ts";
import { LogRecord } from "../hub/log/record.ts";
import type { Entry, StoreSink } from "../hub/log/store.ts";
import { RedisProcess } from "./redis_process.ts";

const SESSIONS = 10_000;
const TOPICS = 2_000;
const RECORDS = 50_000;
/** The number of measured scripts. */
const SCRIPTS = 400;
/** Short, so that each session is renewed once a second. */
const SESSION_MS = 3_000;
/** The duration of that measurement, in ms. */
const KEEP_MS = 3_000;
/** The time within which every topic is checked, in ms. */
const LOOK_MS = 6_000;
/** A chat of 100 bytes. */
const BODY = JSON.stringify({ type: "chat", text: "x".repeat(73) });

type Client = Awaited<ReturnType<typeof connected>>;

/** A redis-server, and stores that use it like those of nodes. */
export class RedisCosts implements AsyncDisposable {
  readonly #redis: RedisProcess;
  readonly #client: Client;
  readonly #stores: RedisStore[] = [];
  readonly #clock = new WebClock();
  /** The resolvers of pending outcomes, by entry. */
  readonly #waiting = new Map<Entry, (code: string) => void>();
  #id = 0;

  private constructor(redis: RedisProcess, client: Client) {
    this.#redis = redis;
    this.#client = client;
  }

  /** Starts the redis-server. */
  static async start(): Promise<RedisCosts> {
    const redis = await RedisProcess.start();
    return new RedisCosts(redis, await connected(redis.url));
  }

  /** Measures the CPU µs of Redis for one script, by its records and the nodes that follow the topic. */
  async append(records: number, nodes: number): Promise<number> {
    const topic = "costs";
    const stores = Array.from({ length: nodes }, () => this.#store());
    for (const store of stores) {
      store.append([this.#entry(topic)]);
      await this.#settled();
    }
    const before = await this.#cpuUs();
    for (let n = 0; n < SCRIPTS; n++) {
      stores[0]!.append(
        Array.from({ length: records }, () => this.#entry(topic)),
      );
      await this.#settled();
    }
    return (await this.#cpuUs() - before) / SCRIPTS;
  }

  /** Measures the bytes of Redis' memory for one record in a large topic. */
  async recordBytes(): Promise<number> {
    const store = this.#store();
    store.append([this.#entry("costs")]);
    await this.#settled();
    const before = await this.#usedBytes();
    for (let n = 0; n < RECORDS; n += 500) {
      store.append(Array.from({ length: 500 }, () => this.#entry("costs")));
      await this.#settled();
    }
    return (await this.#usedBytes() - before) / RECORDS;
  }

  /** Measures a topic with one record: bytes, and CPU µs for each check by a node that follows it. */
  async topics(): Promise<{ bytes: number; lookUs: number }> {
    const store = this.#store();
    store.append([this.#entry("first")]);
    await this.#settled();
    const before = await this.#usedBytes();
    store.append(
      Array.from({ length: TOPICS }, (_, n) => this.#entry(`room:${n}`)),
    );
    await this.#settled();
    const bytes = (await this.#usedBytes() - before) / TOPICS;
    const looks = await this.#calls("hmget");
    const from = await this.#cpuUs();
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const used = await this.#cpuUs() - from;
    return { bytes, lookUs: used / (await this.#calls("hmget") - looks) };
  }

  /** Measures a session: bytes, and CPU µs for its start, each renewal, and a takeover. */
  async sessions(): Promise<
    { bytes: number; beginUs: number; keepUs: number; claimUs: number }
  > {
    const sessions = Array.from(
      { length: SESSIONS },
      () => crypto.randomUUID(),
    );
    const store = this.#store(SESSION_MS);
    store.append([this.#entry("costs")]);
    await this.#settled();
    const bytes = await this.#usedBytes();
    const began = await this.#cpuUs();
    for (const session of sessions) store.begin(session);
    // On the same connection, so it is answered after them.
    store.append([this.#entry("costs")]);
    await this.#settled();
    const begun = await this.#cpuUs();
    const full = await this.#usedBytes();
    const words = await this.#calls("evalsha");
    const from = await this.#cpuUs();
    await new Promise((resolve) => setTimeout(resolve, KEEP_MS));
    const used = await this.#cpuUs() - from;
    const keepUs = used / (await this.#calls("evalsha") - words);
    const other = this.#store();
    const taking = await this.#cpuUs();
    for (let n = 0; n < SESSIONS; n += 500) {
      const taken = await Promise.all(
        sessions.slice(n, n + 500).map((session) => other.claim(session)),
      );
      if (taken.includes(false)) {
        throw new Error("Redis did not have a session");
      }
    }
    const claimUs = (await this.#cpuUs() - taking) / SESSIONS;
    return {
      bytes: (full - bytes) / SESSIONS,
      beginUs: (begun - began) / SESSIONS,
      keepUs,
      claimUs,
    };
  }

  #store(sessionMs = 120_000): RedisStore {
    const store = new RedisStore(this.#redis.url, this.#clock, { sessionMs });
    const sink: StoreSink = {
      opened() {},
      committed() {},
      trimmed() {},
      claimed() {},
      settled: (entry, outcome) =>
        this.#waiting.get(entry)?.("code" in outcome ? outcome.code : ""),
      failed: (error) => {
        throw error;
      },
    };
    store.connect(sink);
    this.#stores.push(store);
    return store;
  }

  /** A record like those of a client. */
  #entry(topic: string): Entry {
    const record = new LogRecord(
      "0123456789abcdef",
      Date.now(),
      this.#clock.now(),
      BODY,
    );
    const entry = { topic, record, session: "costs", id: ++this.#id };
    this.#waiting.set(entry, () => {});
    return entry;
  }

  /** Waits for the outcomes of all entries. @throws {Error} when one was refused, because a refusal costs less. */
  async #settled(): Promise<void> {
    const codes = await Promise.all(
      [...this.#waiting.keys()].map((entry) =>
        new Promise<string>((resolve) => this.#waiting.set(entry, resolve))
      ),
    );
    this.#waiting.clear();
    const code = codes.find((code) => code !== "");
    if (code !== undefined) throw new Error(`A publish ended with '${code}'`);
  }

  /** Returns the CPU time of its main thread, which does all the work. */
  async #cpuUs(): Promise<number> {
    const text = await Deno.readTextFile(`/proc/${this.#redis.pid}/schedstat`);
    return Number(text.split(" ")[0]) / 1000;
  }

  async #usedBytes(): Promise<number> {
    const info = await this.#client.info("memory");
    return Number(/^used_memory_dataset:(\d+)/m.exec(info)![1]) +
      Number(/^used_memory_overhead:(\d+)/m.exec(info)![1]) -
      Number(/^mem_clients_normal:(\d+)/m.exec(info)![1]);
  }

  /** Returns the number of calls of a command. */
  async #calls(command: string): Promise<number> {
    const info = await this.#client.info("commandstats");
    const found = new RegExp(`^cmdstat_${command}:calls=(\\d+)`, "m").exec(
      info,
    );
    return Number(found?.[1] ?? 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#stores.map((store) => store[Symbol.asyncDispose]()),
    );
    this.#clock.close();
    this.#client.destroy();
    await this.#redis[Symbol.asyncDispose]();
  }
}

async function connected(url: string) {
  const client = createClient({ url, maintNotifications: "disabled" });
  await client.connect();
  return client;
}
