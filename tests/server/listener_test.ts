import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Listener, type ListenerOptions } from "../../server/listener.ts";

/** What the listener opened, in a test's hand. */
class Opened {
  readonly addr: Deno.NetAddr;
  readonly #finished = Promise.withResolvers<void>();
  readonly finished: Promise<void> = this.#finished.promise;
  wasShutDown = false;

  constructor(port: number) {
    this.addr = { transport: "tcp", hostname: "127.0.0.1", port };
  }

  fail(why: string): void {
    this.#finished.reject(new Error(why));
  }

  shutdown(): Promise<void> {
    this.wasShutDown = true;
    this.#finished.resolve();
    return this.#finished.promise;
  }
}

function rig(options: Partial<ListenerOptions> = {}) {
  const opened: Opened[] = [];
  const failures: string[] = [];
  /** What opening throws, one after the other. */
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
    {
      pauseMs: 1,
      maxPauseMs: 2,
      onFailure: (error) => failures.push((error as Error).message),
      ...options,
    },
  );
  const until = async (count: number) => {
    while (opened.length < count) {
      await new Promise<void>((resolve) => wake = resolve);
    }
  };
  return { listener, opened, failures, refusals, until };
}

Deno.test("a listener that failed listens again, on the same port", async () => {
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
  assertEquals(opened.map(({ wasShutDown }) => wasShutDown), [
    false,
    false,
    true,
  ]);
});

Deno.test("a listener that cannot begin throws, as whatever it stands on does", () => {
  assertThrows(
    () =>
      new Listener(
        0,
        () => {
          throw new Deno.errors.AddrInUse("taken");
        },
        { onFailure() {} },
      ),
    Deno.errors.AddrInUse,
  );
});

Deno.test("a listener gives up after so many failures in a row", async () => {
  const { listener, opened, failures, refusals } = rig({ attempts: 3 });
  refusals.push("2", "3", "4", "5");
  opened[0]!.fail("1");
  await assertRejects(() => listener.finished, Error, "4");
  assertEquals(failures, ["1", "2", "3", "4"]);
  // There is nothing left to shut down.
  await listener.shutdown();
});

Deno.test("failures count in a row only: who has listened for long begins anew", async () => {
  const { listener, opened, until } = rig({ attempts: 1, heldMs: 0 });
  for (let n = 1; n <= 4; n++) {
    opened[n - 1]!.fail(`${n}`);
    await until(n + 1);
  }
  await listener.shutdown();
  await listener.finished;
});

Deno.test("a listener that is shut down in a pause does not listen again", async () => {
  const { listener, opened, failures } = rig({
    pauseMs: 3_600_000,
    maxPauseMs: 3_600_000,
  });
  opened[0]!.fail("accept");
  while (failures.length === 0) await Promise.resolve();
  await listener.shutdown();
  await listener.finished;
  assertEquals(opened.length, 1);
});
