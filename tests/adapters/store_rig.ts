import { FakeClock } from "../hub/fake_clock.ts";
import { LogRecord } from "../../hub/log/record.ts";
import type {
  Entry,
  LogBounds,
  Outcome,
  Store,
  StoreSettings,
} from "../../hub/log/store.ts";
import { StoreRecorder } from "./store_recorder.ts";

/** The settings of a store under test. */
export interface TestSettings extends StoreSettings {
  readonly clock: FakeClock;
}

/** A store under test. */
export interface StoreRig {
  readonly store: Store;
  /** The most sessions without a connection. Absent: another limit bounds them. */
  readonly sessions?: number;
  /** Closes the store and opens its data again, as another process does. Absent: no data outlives the store. */
  reopen?(): Promise<Store>;
  /** Advances the time, where the clock alone does not. */
  advance?(ms: number): Promise<void>;
  /** `true` when outcomes are kept for each topic: the same id in another topic is another publish. */
  readonly outcomesByTopic?: boolean;
  /** Deletes the store's data, after the store was closed. */
  cleanUp?(): Promise<void>;
}

/** The time to live of a session, in ms. */
export const SESSION_MS = 60_000;
/** The time that a test may take with a store that has a clock of its own, in ms. */
export const MARGIN_MS = 10_000;
/** The most sessions without a connection. */
export const SESSIONS = 40;
export const SESSION = "AAAAAAAAAAAA.BBBBBBBBBBBBBBBBBBBBBBBB";
export const OTHER = "CCCCCCCCCCCC.DDDDDDDDDDDDDDDDDDDDDDDD";

/** Options of {@linkcode entry}. */
export interface EntryOptions {
  readonly topic?: string;
  readonly session?: string;
  readonly id?: number;
}

/** An entry of a topic, with a session where it has an id. */
export function entry(
  body: string | Uint8Array<ArrayBuffer>,
  { topic = "room", id, session = id === undefined ? undefined : SESSION }:
    EntryOptions = {},
): Entry {
  const record = new LogRecord("AAAAAAAAAAAA", 1_700_000_000_000, 0, body);
  return { topic, record, session, id };
}

/** A connected store, and the functions of its tests. */
export interface Stage {
  readonly store: Store;
  readonly sink: StoreRecorder;
  readonly clock: FakeClock;
  readonly rig: StoreRig;
  /** Advances the time. */
  advance(ms: number): Promise<void>;
  /** Opens a topic. @returns its bounds. */
  open(topic: string): Promise<LogBounds>;
  /** Appends entries. @returns their outcomes. */
  append(...entries: readonly Entry[]): Promise<(Outcome | undefined)[]>;
}

/** Registers tests of one implementation. */
export interface StoreTests {
  /** Registers a test of an empty store. */
  test(words: string, run: (stage: Stage) => Promise<void>): void;
  /** Registers a test of a store that is opened again. Without `reopen` it does nothing. */
  testReopened(
    words: string,
    before: (stage: Stage) => Promise<void>,
    after: (stage: Stage) => Promise<void>,
  ): void;
}

/**
 * Makes the functions that register tests.
 *
 * @param name the implementation's name: the test names begin with it.
 * @param make makes an empty store.
 */
export function storeTests(
  name: string,
  make: (settings: TestSettings) => StoreRig | Promise<StoreRig>,
): StoreTests {
  function stageOf(store: Store, clock: FakeClock, rig: StoreRig): Stage {
    const sink = new StoreRecorder();
    store.connect(sink);
    return {
      store,
      sink,
      clock,
      rig,
      async advance(ms) {
        if (rig.advance === undefined) clock.advance(ms);
        else await rig.advance(ms);
      },
      async open(topic) {
        sink.bounds.delete(topic);
        store.open(topic);
        await sink.until(() => sink.bounds.has(topic));
        return sink.bounds.get(topic)!;
      },
      async append(...entries) {
        store.append(entries);
        await sink.until(() =>
          entries.every((entry) => sink.outcomes.has(entry))
        );
        return entries.map((entry) => sink.outcomes.get(entry));
      },
    };
  }

  function test(words: string, run: (stage: Stage) => Promise<void>): void {
    Deno.test(`${name} ${words}`, async () => {
      const clock = new FakeClock();
      const rig = await make({
        clock,
        sessionMs: SESSION_MS,
        sessions: SESSIONS,
      });
      try {
        await run(stageOf(rig.store, clock, rig));
      } finally {
        await rig.store[Symbol.asyncDispose]();
        await rig.cleanUp?.();
        clock.close();
      }
    });
  }

  function testReopened(
    words: string,
    before: (stage: Stage) => Promise<void>,
    after: (stage: Stage) => Promise<void>,
  ): void {
    test(words, async (stage) => {
      if (stage.rig.reopen === undefined) return;
      await before(stage);
      const store = await stage.rig.reopen();
      try {
        await after(stageOf(store, stage.clock, stage.rig));
      } finally {
        await store[Symbol.asyncDispose]();
      }
    });
  }

  return { test, testReopened };
}
