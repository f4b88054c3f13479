import { FakeClock } from "../hub/fake_clock.ts";
import { clockConformance } from "./clock_conformance.ts";

clockConformance("FakeClock", () => {
  const clock = new FakeClock();
  return {
    clock,
    async pass(ms) {
      await Promise.resolve();
      clock.settle();
      clock.advance(ms);
    },
  };
});
