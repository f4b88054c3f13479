import { assertEquals } from "@std/assert";
import { greetingOf } from "../../static/connection/greeting.ts";

function startFrame(lobby: unknown): string {
  return JSON.stringify({
    type: "start",
    time: 5,
    peer: "p",
    topics: { lobby },
  });
}

Deno.test("a start says how many records of the lobby follow", () => {
  assertEquals(
    greetingOf(
      startFrame({ epoch: "e", offset: 3, head: 10, recovered: true }),
    ),
    { time: 5, following: 7, recovered: true },
  );
});

Deno.test("a start of another version says less, and nothing breaks", () => {
  assertEquals(greetingOf(startFrame(undefined)), {
    time: 5,
    following: undefined,
    recovered: false,
  });
  assertEquals(greetingOf('{"type":"start"}'), {
    time: Infinity,
    following: undefined,
    recovered: false,
  });
});

Deno.test("no other frame is a greeting", () => {
  assertEquals(greetingOf('{"type":"batch","topic":"lobby"}'), undefined);
  assertEquals(greetingOf('{"type":"start",'), undefined);
  assertEquals(greetingOf(new Uint8Array(3)), undefined);
});
