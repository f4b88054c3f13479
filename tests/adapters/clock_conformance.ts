import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import type { Clock } from "../../hub/clock.ts";

/** A clock under test, and the function that lets its time pass. */
export interface ClockRig {
  readonly clock: Clock;
  /** Resolves when at least this many ms and the waiting turns of the event loop have passed. */
  pass(ms: number): Promise<void>;
}

/**
 * Registers the tests that every implementation of the hub's Clock port has to pass.
 *
 * @param name the implementation's name.
 * @param make makes a clock.
 */
export function clockConformance(name: string, make: () => ClockRig): void {
  function test(words: string, run: (rig: ClockRig) => Promise<void>): void {
    Deno.test(`${name} ${words}`, async () => {
      const rig = make();
      try {
        await run(rig);
      } finally {
        rig.clock.close();
      }
    });
  }

  test("advances in ms as time passes", async ({ clock, pass }) => {
    const [now, time] = [clock.now(), clock.time()];
    await pass(5);
    assertGreaterOrEqual(clock.now(), now + 4.9);
    assertGreaterOrEqual(clock.time(), time + 4);
  });

  test("returns the time of day", ({ clock }) => {
    assertGreaterOrEqual(clock.time(), Date.UTC(2023, 0));
    assert(clock.time() < Date.UTC(2100, 0));
    return Promise.resolve();
  });

  test("runs a callback once, after the time and not before", async ({ clock, pass }) => {
    let calls = 0;
    const from = clock.now();
    let at = 0;
    clock.after(5, () => {
      calls++;
      at = clock.now();
    });
    assertEquals(calls, 0);
    await pass(30);
    assertEquals(calls, 1);
    assertGreaterOrEqual(at, from + 4);
  });

  test("does not run a callback early for a time above the longest timer", async ({ clock, pass }) => {
    let calls = 0;
    clock.after(2 ** 31, () => calls++);
    clock.after(Infinity, () => calls++);
    await pass(30);
    assertEquals(calls, 0);
  });

  test("runs callbacks in the order of their times", async ({ clock, pass }) => {
    const calls: string[] = [];
    clock.after(20, () => calls.push("late"));
    clock.after(1, () => calls.push("soon"));
    await pass(40);
    assertEquals(calls, ["soon", "late"]);
  });

  test("does not run a cancelled callback, and accepts a second cancel", async ({ clock, pass }) => {
    const calls: string[] = [];
    const cancel = clock.after(1, () => calls.push("cancelled"));
    const other = clock.after(1, () => calls.push("other"));
    cancel();
    cancel();
    await pass(20);
    other();
    assertEquals(calls, ["other"]);
  });

  test("accepts a callback from within a callback", async ({ clock, pass }) => {
    let calls = 0;
    const again = () => {
      if (++calls < 3) clock.after(1, again);
    };
    clock.after(1, again);
    await pass(10);
    await pass(30);
    assertEquals(calls, 3);
  });

  test("runs callbacks of the turn at its end: once, in order", async ({ clock, pass }) => {
    const calls: string[] = [];
    clock.turn(() => calls.push("first"));
    clock.turn(() => calls.push("second"));
    queueMicrotask(() => calls.push("microtask"));
    assertEquals(calls, []);
    await Promise.resolve();
    assertEquals(calls, ["microtask"]);
    await pass(1);
    assertEquals(calls, ["microtask", "first", "second"]);
  });

  test("runs a callback from within the turn in the next turn", async ({ clock, pass }) => {
    const calls: string[] = [];
    clock.turn(() => {
      clock.turn(() => calls.push("next"));
      calls.push("this");
    });
    clock.turn(() => calls.push("this too"));
    await pass(1);
    assertEquals(calls, ["this", "this too", "next"]);
  });

  test("runs no callback after it was closed, and accepts a second close", async ({ clock, pass }) => {
    const calls: string[] = [];
    const cancel = clock.after(1, () => calls.push("timer"));
    clock.turn(() => calls.push("turn"));
    clock.close();
    clock.close();
    clock.after(1, () => calls.push("late timer"));
    clock.turn(() => calls.push("late turn"));
    cancel();
    await pass(10);
    assertEquals(calls, []);
  });

  test("accepts a close from within a callback", async ({ clock, pass }) => {
    const calls: string[] = [];
    clock.turn(() => {
      calls.push("first");
      clock.close();
    });
    clock.turn(() => calls.push("second"));
    await pass(10);
    assert(calls.length >= 1);
    assertEquals(calls[0], "first");
  });
}
