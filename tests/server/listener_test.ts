import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Listener, type ListenerTimes } from "../../server/listener.ts";

/** A transport that a test controls. */
class Opened {
  readonly addr: Deno.NetAddr;
  readonly #finished = Promise.withResolvers<void>();
  readonly finished: Promise<void> = this.#finished.promise;
  isShutDown = false;

  constructor(port: number) {
    this.addr = { transport: "tcp", hostname: "127.0.0.1", port };
  }

  fail(reason: string): void {
    this.#finished.reject(new Error(reason));
  }

  shutdown(): Promise<void> {
    this.isShutDown = true;
    this.#finished.resolve();
    return this.#finished.promise;
  }
}

function rig(times: Partial<ListenerTimes> = {}) {
  const opened: Opened[] = [];
  const failures: string[] = [];
  /** The messages of the errors that `open` throws, in order. */
  const refusals: string[] = [];
  let wake = () => {};
  const listener = new Listener(
    0,
    (port) => {
      const refusal = refusals.shift();
      if (refusal !== undefined) throw new Error(refusal);
      const one = new Opened(port === 0 ? 4711 : port);
      opened.push(one);
      wake();
      return one;
    },
    (error) => failures.push((error as Error).message),
    {
      backoff: { minMs: 1, maxMs: 2 },
      attempts: 100,
      stableAfterMs: 10_000,
      ...times,
    },
  );
  const until = async (count: number) => {
    while (opened.length < count) {
      await new Promise<void>((resolve) => wake = resolve);
    }
  };
  return { listener, opened, failures, refusals, until };
}

Deno.test("listens again on the same port after a failure", async () => {
  const { listener, opened, failures, refusals, until } = rig();
  refusals.push("no descriptor for the listener");
  opened[0]!.fail("accept");
  await until(2);
  opened[1]!.fail("accept again");
  await until(3);
  assertEquals(opened.map(({ addr }) => addr.port), [4711, 4711, 4711]);
  assertEquals(failures, [
    "accept",
    "no descriptor for the listener",
    "accept again",
  ]);
  await listener.shutdown();
  await listener.finished;
  assertEquals(opened.map(({ isShutDown }) => isShutDown), [
    false,
    false,
    true,
  ]);
});

Deno.test("throws the error of the transport where it cannot listen at first", () => {
  assertThrows(
    () =>
      new Listener(
        0,
        () => {
          throw new Deno.errors.AddrInUse("taken");
        },
        () => {},
      ),
    Deno.errors.AddrInUse,
  );
});

Deno.test("rejects after the last attempt", async () => {
  const { listener, opened, failures, refusals } = rig({ attempts: 3 });
  refusals.push("2", "3", "4", "5");
  opened[0]!.fail("1");
  await assertRejects(() => listener.finished, Error, "4");
  assertEquals(failures, ["1", "2", "3", "4"]);
  // No transport is open.
  await listener.shutdown();
});

Deno.test("the attempts start again after the time of a stable listener", async () => {
  const { listener, opened, until } = rig({ attempts: 1, stableAfterMs: 0 });
  for (let n = 1; n <= 4; n++) {
    opened[n - 1]!.fail(`${n}`);
    await until(n + 1);
  }
  await listener.shutdown();
  await listener.finished;
});

Deno.test("does not listen again after a shutdown during a pause", async () => {
  const { listener, opened, failures } = rig({
    backoff: { minMs: 3_600_000, maxMs: 3_600_000 },
  });
  opened[0]!.fail("accept");
  while (failures.length === 0) await Promise.resolve();
  await listener.shutdown();
  await listener.finished;
  assertEquals(opened.length, 1);
});
