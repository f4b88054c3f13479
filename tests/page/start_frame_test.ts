import { assertEquals } from "@std/assert";
import { readStart } from "../../static/connection/start_frame.ts";

function startFrame(lobby: unknown): string {
  return JSON.stringify({
    type: "start",
    time: 5,
    peer: "p",
    topics: { lobby },
  });
}

Deno.test("reads the number of pending records of the lobby from a start frame", () => {
  assertEquals(
    readStart(
      startFrame({ epoch: "e", offset: 3, head: 10, recovered: true }),
    ),
    { time: 5, pending: 7, recovered: true },
  );
});

Deno.test("reads a start frame with missing fields", () => {
  assertEquals(readStart(startFrame(undefined)), {
    time: 5,
    pending: undefined,
    recovered: false,
  });
  assertEquals(readStart('{"type":"start"}'), {
    time: Infinity,
    pending: undefined,
    recovered: false,
  });
});

Deno.test("ignores every other frame", () => {
  assertEquals(readStart('{"type":"batch","topic":"lobby"}'), undefined);
  assertEquals(readStart('{"type":"start",'), undefined);
  assertEquals(readStart(new Uint8Array(3)), undefined);
});
