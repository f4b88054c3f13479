import { assertEquals } from "@std/assert";
import { createHub } from "../../hub.ts";
import { ErrorPrinter } from "../../common/error_printer.ts";
import { captureErrors } from "./captured_errors.ts";
import { FakeClock } from "../hub/fake_clock.ts";

Deno.test("prints five errors of a stage in ten seconds, and then the number of the others", () => {
  const clock = new FakeClock();
  const printed: unknown[][] = [];
  const printer = new ErrorPrinter(clock, (...values) => printed.push(values));
  for (let n = 0; n < 1_000; n++) printer.print(n, "handler");
  printer.print("other", "store");
  clock.advance(10_000);
  printer.print("later", "handler");
  assertEquals(printed, [
    ...[0, 1, 2, 3, 4].map((n) => ["Drumbeat: error in 'handler':", n]),
    ["Drumbeat: error in 'store':", "other"],
    ["Drumbeat: error in 'handler', after 995 more:", "later"],
  ]);
});

Deno.test("without onError, the errors of handlers and ignored refusals are printed", async () => {
  using console = captureErrors();
  const failure = new Error("failure of the program");
  {
    await using hub = createHub();
    hub.on("chat", () => {
      throw failure;
    });
    hub.on("join", () => Promise.reject(failure));
    await hub.broadcast({ type: "chat" });
    await hub.broadcast({ type: "join" });
    void hub.broadcast({ type: "error" });
  }
  // An ignored rejection is reported in a later turn.
  await new Promise((resolve) => setTimeout(resolve));
  const printed = console.printed.map(([text, error]) => [
    text,
    (error as Error).message,
  ]);
  assertEquals(printed.slice(0, 2), [
    ["Drumbeat: error in 'handler':", failure.message],
    ["Drumbeat: error in 'handler':", failure.message],
  ]);
  assertEquals(printed.slice(2), [[
    "Drumbeat: error in 'publish':",
    "Cannot publish to 'lobby': The type 'error' is reserved",
  ]]);
});

Deno.test("with onError nothing is printed but its own errors", async () => {
  using console = captureErrors();
  for (const fails of [false, true]) {
    await using hub = createHub({
      onError: () => {
        if (fails) throw new Error("onError");
      },
    });
    hub.on("chat", () => Promise.reject(new Error("handler")));
    await hub.broadcast({ type: "chat" });
  }
  assertEquals(
    console.printed.map(([text, error]) => [text, (error as Error).message]),
    [["Drumbeat: error in 'onError':", "onError"]],
  );
});
