import { assertEquals } from "@std/assert";
import { MemoryStore } from "../../../adapters/store_memory.ts";
import { hostStore, workerStore } from "../../../adapters/worker/store.ts";
import { createHub } from "../../../hub.ts";
import { captureErrors } from "../../common/captured_errors.ts";

/** A store whose appends fail. */
class FailingStore extends MemoryStore {
  readonly failure: (() => void) | undefined;

  constructor(
    clock: ConstructorParameters<typeof MemoryStore>[0],
    failure: () => void,
  ) {
    super(clock);
    this.failure = failure;
  }

  override append(): void {
    return this.failure?.();
  }
}

const FAILURES: Readonly<Record<string, () => void>> = {
  throws: () => {
    throw new Error("failure of the store");
  },
  rejects: () => Promise.reject(new Error("failure of the store")),
};

for (const [failure, fail] of Object.entries(FAILURES)) {
  for (const given of [true, false]) {
    Deno.test(`a hosted store that ${failure} is ${given ? "reported to an onError that rejects" : "printed without onError"}, and ends no process`, async () => {
      using captured = captureErrors();
      const reported: string[] = [];
      await using host = hostStore({
        store: (clock) => new FailingStore(clock, fail),
        ...(given
          ? {
            onError: (error) => {
              reported.push((error as Error).message);
              return Promise.reject(new Error("onError")) as unknown as void;
            },
          }
          : {}),
      });
      const { port1, port2 } = new MessageChannel();
      host.attach(port1);
      await using hub = createHub({
        store: await workerStore(port2),
        onError: () => {},
      });
      const { code } = await hub.broadcast({ type: "chat" }).then(
        () => ({ code: "stored" }),
        (error) => error,
      );
      assertEquals(code, "indeterminate");
      await new Promise((resolve) => setTimeout(resolve));
      const message = "failure of the store";
      assertEquals(reported, given ? [message] : []);
      assertEquals(
        captured.printed.map(([text, error]) => [
          text,
          (error as Error).message,
        ]),
        [
          given
            ? ["Drumbeat: error in 'onError':", "onError"]
            : ["Drumbeat: error in 'store':", message],
        ],
      );
    });
  }
}
