import { WebClock } from "../../adapters/clock_web.ts";
import { clockConformance } from "./clock_conformance.ts";

// The one place where time is real: to pass it is to wait for it.
clockConformance("the Web's clock", () => ({
  clock: new WebClock(),
  pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms + 1)),
}));

Deno.test("the Web's clock that was never used holds nothing", () => {
  new WebClock();
});
