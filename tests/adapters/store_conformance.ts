import { logConformance } from "./store_log_conformance.ts";
import { type StoreRig, storeTests, type TestSettings } from "./store_rig.ts";
import { sessionConformance } from "./store_session_conformance.ts";

/**
 * Registers the tests that every implementation of the hub's Store port has to pass.
 *
 * @param name the implementation's name.
 * @param make makes an empty store.
 */
export function storeConformance(
  name: string,
  make: (settings: TestSettings) => StoreRig | Promise<StoreRig>,
): void {
  const tests = storeTests(name, make);
  logConformance(tests);
  sessionConformance(tests);
}
