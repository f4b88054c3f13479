import { assertEquals } from "@std/assert";
import {
  decodeEntry,
  encodeChanges,
  encodeList,
  type PresenceEntry,
  type Said,
} from "../../../hub/presence/replication_record.ts";
import { Roster } from "../../../hub/presence/merged_members.ts";

function entry(given: Partial<PresenceEntry>): PresenceEntry {
  return { join: [], leave: [], ask: false, ...given };
}

const said = (peer: string, at = 1, data: unknown = null) =>
  [peer, { at, data }] as const;

/** What is left of the peers that a test uses. */
function present(roster: Roster): string[] {
  return ["a", "b", "c", "d"].filter((peer) =>
    roster.newest(peer) !== undefined
  );
}

Deno.test("a list says who is not there only when all of its parts came, in order", () => {
  const parts = [
    entry({ join: [said("a")], part: { nth: 0, of: 3 } }),
    entry({ join: [said("b")], part: { nth: 1, of: 3 } }),
    entry({ join: [], part: { nth: 2, of: 3 } }),
  ];
  for (
    const [order, left] of [
      [[0, 1, 2], ["a", "b"]],
      [[0, 2], ["a", "c"]],
      [[1, 2], ["b", "c"]],
      [[0, 2, 1], ["a", "b", "c"]],
      [[0, 0, 1, 2], ["a", "b"]],
    ] as const
  ) {
    const roster = new Roster();
    roster.take("x", entry({ join: [said("c")] }), 0);
    for (const nth of order) roster.take("x", parts[nth]!, 0);
    assertEquals(present(roster), [...left], `${order}`);
  }
});

Deno.test("a list whose middle was missed does not say who is not there", () => {
  const roster = new Roster();
  roster.take("x", entry({ join: [said("c")] }), 0);
  roster.take("x", entry({ join: [said("a")], part: { nth: 0, of: 2 } }), 0);
  roster.missed();
  roster.take("x", entry({ join: [said("b")], part: { nth: 1, of: 2 } }), 0);
  assertEquals(present(roster), ["a", "b", "c"]);
});

Deno.test("a list of nobody empties the hub that says it, and no other", () => {
  const roster = new Roster();
  roster.take("x", entry({ join: [said("a"), said("b")] }), 0);
  roster.take("y", entry({ join: [said("b")] }), 0);
  const changed = roster.take("x", entry({ part: { nth: 0, of: 1 } }), 0);
  assertEquals([[...changed].toSorted(), present(roster)], [["a", "b"], ["b"]]);
});

Deno.test("only those of whom something is new are told", () => {
  const roster = new Roster();
  const list = entry({ join: [said("a"), said("b")], part: { nth: 0, of: 1 } });
  assertEquals([...roster.take("x", list, 0)], ["a", "b"]);
  assertEquals([...roster.take("x", list, 0)], []);
  const more = entry({ join: [said("b", 2)], leave: ["c"] });
  assertEquals([...roster.take("x", more, 0)], ["b"]);
});

Deno.test("the newest word counts, whoever says it; at the same time all come to the same", () => {
  const rosters = [new Roster(), new Roster()];
  const words = [said("a", 5, "five"), said("a", 5, "six"), said("a", 4, "z")];
  words.forEach((word, node) =>
    rosters[0]!.take(`${node}`, entry({ join: [word] }), 0)
  );
  words.toReversed().forEach((word, node) =>
    rosters[1]!.take(`${node}`, entry({ join: [word] }), 0)
  );
  assertEquals(rosters.map((roster) => roster.newest("a")?.data), [
    "six",
    "six",
  ]);
  // What is said here is newer than what is known, though a clock is ahead.
  rosters[0]!.set("a", "here", 3);
  assertEquals(rosters[0]!.newest("a"), { at: 6, data: "here" });
});

Deno.test("who was not heard for long enough is dropped, with its members", () => {
  const roster = new Roster();
  roster.take("x", entry({ join: [said("a"), said("b")] }), 1);
  roster.take("y", entry({ join: [said("b"), said("c")] }), 2);
  roster.take("x", entry({}), 3);
  assertEquals([...roster.drop(1)], []);
  assertEquals([...roster.drop(2)], ["b", "c"]);
  assertEquals(present(roster), ["a", "b"]);
});

Deno.test("records hold about as much as they may, and say all", () => {
  const members = new Map<string, Said>();
  for (let i = 0; i < 100; i++) {
    members.set(`peer-${i}`, { at: i, data: { text: "ü".repeat(i) } });
  }
  for (const maxBytes of [1, 500, 5_000, 1e6]) {
    const bodies = encodeList(members, true, maxBytes);
    const entries = bodies.map((body) => decodeEntry(body)!);
    assertEquals(new Map(entries.flatMap(({ join }) => join)), members);
    entries.forEach(({ part, ask }, nth) => {
      assertEquals([part, ask], [{ nth, of: bodies.length }, true]);
    });
    for (const body of bodies) {
      const { join } = decodeEntry(body)!;
      const { length } = new TextEncoder().encode(body);
      assertEquals(join.length === 1 || length <= maxBytes + 50, true);
    }
    const changes = encodeChanges(members, members.keys(), maxBytes)
      .map((body) => decodeEntry(body)!);
    assertEquals(new Map(changes.flatMap(({ join }) => join)), members);
    assertEquals(changes.flatMap(({ leave }) => leave), [...members.keys()]);
  }
  assertEquals(encodeList(members, false, 1).length, 100);
  assertEquals(encodeList(members, false, 1e6).length, 1);
  assertEquals(encodeList(new Map(), false, 1e6), [`{"part":[0,1],"join":[]}`]);
  assertEquals(encodeChanges([], [], 1e6), []);
});
