import { WebClock } from "../../adapters/clock_web.ts";
import { clockConformance } from "./clock_conformance.ts";

// The only clock tests in real time: to let time pass is to wait.
clockConformance("WebClock", () => ({
  clock: new WebClock(),
  pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms + 1)),
}));

Deno.test("WebClock holds nothing before its first use", () => {
  new WebClock();
});
