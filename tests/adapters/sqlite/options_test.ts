import { assertThrows } from "@std/assert";
import {
  type Durability,
  sqliteStore,
  SqliteWorkerStore,
} from "../../../adapters/sqlite/store.ts";
import { FakeClock } from "../../hub/fake_clock.ts";

Deno.test("rejects an unknown option, and one that the hub owns", () => {
  assertThrows(
    () => sqliteStore(":memory:", { maxRecord: 1 } as object),
    TypeError,
    "Cannot open the store: unknown option 'maxRecord' (did you mean 'maxRecords'?)",
  );
  assertThrows(
    () => sqliteStore(":memory:", { sessionMs: 1 } as object),
    TypeError,
    "Cannot open the store: unknown option 'sessionMs'",
  );
});

Deno.test("rejects a wrong value before the hub is made", () => {
  assertThrows(
    () => sqliteStore(":memory:", { maxBytes: -1 }),
    RangeError,
    "Cannot open the store: the option 'maxBytes' must be a number of at least 0, not -1",
  );
  assertThrows(
    () => sqliteStore(":memory:", { durability: "most" as Durability }),
    TypeError,
    "Cannot open the store: the option 'durability' must be one of 'full', 'relaxed', not 'most'",
  );
  assertThrows(
    () => new SqliteWorkerStore(":memory:", new FakeClock(), { sessions: NaN }),
    RangeError,
    "'sessions'",
  );
});
