import { WebClock } from "../../../adapters/clock_web.ts";
import {
  type RedisOptions,
  RedisStore,
} from "../../../adapters/redis/store.ts";
import type { Clock } from "../../../hub/clock.ts";
import { LogRecord } from "../../../hub/log/record.ts";
import type { Entry } from "../../../hub/log/store.ts";
import { FaultProxy } from "../../faults/proxy.ts";
import { StoreRecorder } from "../store_recorder.ts";
import { RedisServer } from "./redis_server.ts";

export const SESSION = "AAAAAAAAAAAA.BBBBBBBBBBBBBBBBBBBBBBBB";
/** The keys of the topic `room`. */
export const RECORDS = "drumbeat:{room}:records";
export const LOG = "drumbeat:{room}:log";

/** An entry of a topic, with a session where it has an id. */
export function entry(body: string, id?: number, topic = "room"): Entry {
  const record = new LogRecord("AAAAAAAAAAAA", 1, performance.now(), body);
  return id === undefined
    ? { topic, record }
    : { topic, record, session: SESSION, id };
}

/** A node: a store, and a recorder of its calls. */
export class TestNode implements AsyncDisposable {
  readonly clock: Clock;
  readonly store: RedisStore;
  readonly sink: StoreRecorder = new StoreRecorder();

  constructor(
    url: string,
    options: RedisOptions = {},
    clock: Clock = new WebClock(),
  ) {
    this.clock = clock;
    this.store = new RedisStore(url, clock, options);
    this.store.connect(this.sink);
  }

  async open(topic = "room"): Promise<void> {
    this.store.open(topic);
    await this.sink.until(() => this.sink.bounds.has(topic));
  }

  /** Appends entries. @returns their outcomes: an offset, or the code of an error. */
  async append(...entries: Entry[]): Promise<(number | string)[]> {
    this.store.append(entries);
    return await this.outcomes(...entries);
  }

  async outcomes(...entries: Entry[]): Promise<(number | string)[]> {
    await this.sink.until(() =>
      entries.every((entry) => this.sink.outcomes.has(entry))
    );
    return entries.map((entry) => {
      const outcome = this.sink.outcomes.get(entry)!;
      return "offset" in outcome ? outcome.offset : outcome.code;
    });
  }

  /** Resolves when the log of a topic has this many records. */
  async has(count: number, topic = "room"): Promise<void> {
    await this.sink.until(() => this.sink.logs.get(topic)?.size === count);
  }

  /** Resolves when the epoch of a topic is another one. */
  async replaced(epoch: string, topic = "room"): Promise<void> {
    await this.sink.until(() => this.epoch(topic) !== epoch);
  }

  epoch(topic = "room"): string {
    return this.sink.bounds.get(topic)!.epoch;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store[Symbol.asyncDispose]();
    this.clock.close();
  }
}

/** A Redis behind a network that fails. */
export class Wire implements AsyncDisposable {
  readonly redis: RedisServer;
  readonly proxy: FaultProxy;

  constructor(redis: RedisServer) {
    this.redis = redis;
    this.proxy = new FaultProxy({ port: redis.port });
  }

  static async start(...args: string[]): Promise<Wire> {
    return new Wire(await RedisServer.start(...args));
  }

  get url(): string {
    return `redis://127.0.0.1:${this.proxy.port}`;
  }

  /**
   * Holds back the answers of Redis. The node has those of its appends by then: Redis answers in order, and an append whose
   * answer is held back would keep the next one from being sent.
   */
  async holdAnswers({ store }: TestNode): Promise<void> {
    await store.read("room", 0, 1);
    for (const { down } of this.proxy.links) down.freeze();
  }

  /** Sends a command until Redis answers as expected. */
  async until(expected: unknown, ...command: string[]): Promise<void> {
    while (await this.redis.command(...command) !== expected);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy[Symbol.asyncDispose]();
    await this.redis[Symbol.asyncDispose]();
  }
}
