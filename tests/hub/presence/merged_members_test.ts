import { assertEquals } from "@std/assert";
import {
  decodeReplication,
  encodeChanges,
  encodeList,
  type MemberState,
  type ReplicationRecord,
} from "../../../hub/presence/replication_record.ts";
import { MergedMembers } from "../../../hub/presence/merged_members.ts";

function record(given: Partial<ReplicationRecord>): ReplicationRecord {
  return { join: [], leave: [], ask: false, ...given };
}

const state = (peer: string, at = 1, data: unknown = null) =>
  [peer, { at, data }] as const;

/** Returns the members among the peers of these tests. */
function present(members: MergedMembers): string[] {
  return ["a", "b", "c", "d"].filter((peer) =>
    members.newest(peer) !== undefined
  );
}

Deno.test("removes the members that a list lacks once all its parts arrived in order", () => {
  const parts = [
    record({ join: [state("a")], part: { nth: 0, of: 3 } }),
    record({ join: [state("b")], part: { nth: 1, of: 3 } }),
    record({ join: [], part: { nth: 2, of: 3 } }),
  ];
  for (
    const [order, expected] of [
      [[0, 1, 2], ["a", "b"]],
      [[0, 2], ["a", "c"]],
      [[1, 2], ["b", "c"]],
      [[0, 2, 1], ["a", "b", "c"]],
      [[0, 0, 1, 2], ["a", "b"]],
    ] as const
  ) {
    const members = new MergedMembers();
    members.merge("x", record({ join: [state("c")] }), 0);
    for (const nth of order) members.merge("x", parts[nth]!, 0);
    assertEquals(present(members), [...expected], `${order}`);
  }
});

Deno.test("removes no member when a part of a list was missed", () => {
  const members = new MergedMembers();
  members.merge("x", record({ join: [state("c")] }), 0);
  members.merge(
    "x",
    record({ join: [state("a")], part: { nth: 0, of: 2 } }),
    0,
  );
  members.missed();
  members.merge(
    "x",
    record({ join: [state("b")], part: { nth: 1, of: 2 } }),
    0,
  );
  assertEquals(present(members), ["a", "b", "c"]);
});

Deno.test("an empty list removes the members of its hub, and of no other", () => {
  const members = new MergedMembers();
  members.merge("x", record({ join: [state("a"), state("b")] }), 0);
  members.merge("y", record({ join: [state("b")] }), 0);
  const changed = members.merge("x", record({ part: { nth: 0, of: 1 } }), 0);
  assertEquals([[...changed].toSorted(), present(members)], [["a", "b"], [
    "b",
  ]]);
});

Deno.test("returns only the members that changed", () => {
  const members = new MergedMembers();
  const list = record({
    join: [state("a"), state("b")],
    part: { nth: 0, of: 1 },
  });
  assertEquals([...members.merge("x", list, 0)], ["a", "b"]);
  assertEquals([...members.merge("x", list, 0)], []);
  const more = record({ join: [state("b", 2)], leave: ["c"] });
  assertEquals([...members.merge("x", more, 0)], ["b"]);
});

Deno.test("the newest state counts; for equal times, all hubs choose the same state", () => {
  const hubs = [new MergedMembers(), new MergedMembers()];
  const states = [
    state("a", 5, "five"),
    state("a", 5, "six"),
    state("a", 4, "z"),
  ];
  states.forEach((state, node) =>
    hubs[0]!.merge(`${node}`, record({ join: [state] }), 0)
  );
  states.toReversed().forEach((state, node) =>
    hubs[1]!.merge(`${node}`, record({ join: [state] }), 0)
  );
  assertEquals(hubs.map((members) => members.newest("a")?.data), [
    "six",
    "six",
  ]);
  // A hub's own state is the newest, although the clock of another hub is ahead.
  hubs[0]!.set("a", "here", 3);
  assertEquals(hubs[0]!.newest("a"), { at: 6, data: "here" });
});

Deno.test("drops a hub that has sent nothing since an age, with its members", () => {
  const members = new MergedMembers();
  members.merge("x", record({ join: [state("a"), state("b")] }), 1);
  members.merge("y", record({ join: [state("b"), state("c")] }), 2);
  members.merge("x", record({}), 3);
  assertEquals([...members.drop(1)], []);
  assertEquals([...members.drop(2)], ["b", "c"]);
  assertEquals(present(members), ["a", "b"]);
});

Deno.test("splits records at the maximum size, and loses no member", () => {
  const members = new Map<string, MemberState>();
  for (let i = 0; i < 100; i++) {
    members.set(`peer-${i}`, { at: i, data: { text: "ü".repeat(i) } });
  }
  for (const maxBytes of [1, 500, 5_000, 1e6]) {
    const bodies = encodeList(members, true, maxBytes);
    const entries = bodies.map((body) => decodeReplication(body)!);
    assertEquals(new Map(entries.flatMap(({ join }) => join)), members);
    entries.forEach(({ part, ask }, nth) => {
      assertEquals([part, ask], [{ nth, of: bodies.length }, true]);
    });
    for (const body of bodies) {
      const { join } = decodeReplication(body)!;
      const { length } = new TextEncoder().encode(body);
      assertEquals(join.length === 1 || length <= maxBytes + 50, true);
    }
    const changes = encodeChanges(members, members.keys(), maxBytes)
      .map((body) => decodeReplication(body)!);
    assertEquals(new Map(changes.flatMap(({ join }) => join)), members);
    assertEquals(changes.flatMap(({ leave }) => leave), [...members.keys()]);
  }
  assertEquals(encodeList(members, false, 1).length, 100);
  assertEquals(encodeList(members, false, 1e6).length, 1);
  assertEquals(encodeList(new Map(), false, 1e6), [`{"part":[0,1],"join":[]}`]);
  assertEquals(encodeChanges([], [], 1e6), []);
});
