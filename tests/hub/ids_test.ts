import { assert, assertEquals, assertFalse, assertMatch } from "@std/assert";
import {
  isSession,
  newPeerId,
  newSession,
  ownerMark,
  peerIdOf,
  randomId,
  withoutOwner,
} from "../../hub/ids.ts";

Deno.test("an id has the given length, in the alphabet of base64url", () => {
  for (const length of [0, 1, 8, 24]) {
    assertMatch(randomId(length), new RegExp(`^[\\w-]{${length}}$`));
  }
});

Deno.test("ids differ, and no public id begins like an internal name", () => {
  const ids = new Set(Array.from({ length: 1_000 }, newPeerId));
  assertEquals(ids.size, 1_000);
  for (const id of ids) assertFalse(id.startsWith("$"));
});

Deno.test("a session's public id is constant and does not contain the secret", () => {
  const session = newSession();
  assert(isSession(session));
  assertEquals(peerIdOf(session), peerIdOf(session));
  assertFalse(peerIdOf(session).includes(session.slice(-24)));
});

Deno.test("the suffix of an owner is constant, differs between owners, and is removed for the client", async () => {
  const marks = new Set<string>();
  for (const user of ["ada", "Ada", "ada ", "a".repeat(255), "ä"]) {
    const mark = await ownerMark(user);
    assertEquals(mark, await ownerMark(user));
    assertMatch(mark, /^\.[\w-]{16}$/);
    marks.add(mark);
    const session = newSession();
    assertEquals(withoutOwner(session + mark), session);
    assertFalse(isSession(session + mark));
  }
  assertEquals(marks.size, 5);
});

Deno.test("recognises text that has the form of a session", () => {
  const session = newSession();
  for (
    const text of [
      "",
      "x",
      `${session}x`,
      ` ${session}`,
      session.slice(1),
      `${session}\n`,
    ]
  ) {
    assertFalse(isSession(text));
  }
});
