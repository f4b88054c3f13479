import {
  defineMessages,
  DrumbeatError,
  type Hub,
  type ServeOptions,
} from "../../../mod.ts";

/**
 * Creates a program whose hooks, validators and handlers all throw or reject, except for messages of type `ledger`.
 *
 * @param unguarded `true`: a handler also throws in a later turn of the event loop, where the hub cannot catch it. This ends
 * the process.
 */
export function failingProgram(unguarded: boolean): {
  readonly options: Pick<
    ServeOptions,
    "contract" | "onOpen" | "onClose" | "onPresence" | "onError" | "topics"
  >;
  prepare(hub: Hub): void;
} {
  const reject = (what: string): void =>
    Promise.reject(new Error(`${what} rejects`)) as unknown as void;
  const fail = (what: string): never => {
    throw new Error(`${what} throws`);
  };
  let turns = 0;
  /** Throws and rejects by turns. */
  const either = (what: string): void =>
    turns++ % 2 === 0 ? fail(what) : reject(what);
  const contract = defineMessages({
    ledger: (_: unknown): _ is { publisher: string; seq: number } => true,
    throws: (_: unknown): _ is object => fail("a validator"),
    rejects: ((_: unknown) => reject("a validator")) as unknown as (
      _: unknown,
    ) => _ is object,
    handled: (_: unknown): _ is object => true,
  }, {
    presence: (data: unknown): data is "fine" =>
      data === "fine" || fail("presence"),
  });
  return {
    options: {
      contract: contract as unknown as NonNullable<ServeOptions["contract"]>,
      onOpen: () => either("onOpen"),
      onClose: () => either("onClose"),
      onPresence: () => either("onPresence"),
      onError: () => either("onError"),
      topics: {
        "*": { maxRecords: 64, maxAgeMs: 500 },
        "latest:*": { lag: "latest", key: () => fail("key") },
      },
    },
    prepare(hub) {
      hub.on("handled", () => {
        if (unguarded) setTimeout(() => fail("a timer"));
        return either("a handler");
      });
      hub.handle("fails", () => fail("a request"));
      hub.handle("rejects", async () => await reject("a request"));
      hub.handle("refuses", () => {
        throw new DrumbeatError("failed", "The request is refused");
      });
      hub.handle("circle", () => {
        const circle: { self?: unknown } = {};
        return circle.self = circle;
      });
    },
  };
}
