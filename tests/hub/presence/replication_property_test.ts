import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { microtasks } from "../../faults/process_clock.ts";
import { type Node, Nodes } from "../nodes.ts";
import { join, type Watcher } from "../watcher.ts";

/** `SEED=7 RUNS=3000 deno test -A tests/hub/presence/replication_property_test.ts` runs other and more histories. */
const PARAMETERS = {
  seed: Number(Deno.env.get("SEED") ?? 1),
  numRuns: Number(Deno.env.get("RUNS") ?? 120),
};

const NODES = 3;
const MEMBERS = 4;
const GRACE_MS = 60_000;

/** A step of a random history. */
type Step =
  | { readonly do: "join"; member: number; node: number }
  | { readonly do: "drop" | "update" | "close" | "leave"; member: number }
  | { readonly do: "storeFails"; node: number; line: "holds" | "refuses" }
  | { readonly do: "storeWorks" | "kill"; node: number }
  | { readonly do: "storePauses"; node: number; seconds: number }
  | { readonly do: "pass"; seconds: number }
  | { readonly do: "turn" | "lose" };

const member = fc.nat(MEMBERS - 1);
const node = fc.nat(NODES - 1);
const one = <T extends string>(name: T) => fc.constant(name);

/** Steps after which no member leaves. */
const QUIET: readonly fc.WeightedArbitrary<Step>[] = [
  { weight: 10, arbitrary: fc.record({ do: one("join"), member, node }) },
  { weight: 6, arbitrary: fc.record({ do: one("drop"), member }) },
  { weight: 5, arbitrary: fc.record({ do: one("update"), member }) },
  { weight: 14, arbitrary: fc.record({ do: one("turn") }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: one("storePauses"),
      node,
      seconds: fc.integer({ min: 1, max: 8 }),
    }),
  },
];

const ALL: readonly fc.WeightedArbitrary<Step>[] = [
  ...QUIET,
  { weight: 2, arbitrary: fc.record({ do: one("close"), member }) },
  { weight: 2, arbitrary: fc.record({ do: one("leave"), member }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: one("storeFails"),
      node,
      line: fc.constantFrom("holds" as const, "refuses" as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: one("storeWorks"), node }) },
  { weight: 1, arbitrary: fc.record({ do: one("kill"), node }) },
  { weight: 1, arbitrary: fc.record({ do: one("lose") }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: one("pass"),
      seconds: fc.integer({ min: 1, max: 40 }),
    }),
  },
];

function histories(
  steps: readonly fc.WeightedArbitrary<Step>[],
): fc.Arbitrary<Step[]> {
  return fc.array(fc.oneof(...steps), {
    minLength: 10,
    maxLength: 60,
    size: "max",
  });
}

/** A client that joins, leaves, moves between hubs, and updates its data. */
interface Client {
  session: string | undefined;
  watcher: Watcher | undefined;
  data: number;
}

/** Hubs and clients in a random history, with the model: the connected members, and the last data of each. */
class World {
  readonly nodes: Nodes;
  readonly hubs: Node[] = [];
  readonly clients: Client[] = [];
  /** Every leave that a member received. */
  readonly leaves: string[] = [];
  #updates = 0;

  constructor(late: boolean, maxRecords: number) {
    this.nodes = new Nodes({ late, maxRecords });
    for (let n = 0; n < NODES; n++) this.hubs.push(this.#hub());
    for (let n = 0; n < MEMBERS; n++) {
      this.clients.push({ session: undefined, watcher: undefined, data: 0 });
    }
  }

  async run(step: Step): Promise<void> {
    const { clock, logs } = this.nodes;
    // No two updates have the same time.
    clock.advance(1);
    switch (step.do) {
      case "join":
        await this.join(this.clients[step.member]!, step.node);
        break;
      case "drop":
        this.#end(this.clients[step.member]!, 0);
        break;
      case "close":
        this.#end(this.clients[step.member]!, 1000);
        break;
      case "update": {
        const client = this.clients[step.member]!;
        if (client.watcher === undefined) break;
        client.data = ++this.#updates;
        const frame = { type: "presence", id: client.data, topic: "room" };
        client.watcher.peer.send({ ...frame, data: client.data });
        break;
      }
      case "leave": {
        const client = this.clients[step.member]!;
        client.watcher?.peer.send({
          type: "unsubscribe",
          id: 0,
          topic: "room",
        });
        client.watcher?.look();
        client.watcher = undefined;
        break;
      }
      case "storeFails":
        this.hubs[step.node]!.store.line = step.line;
        break;
      case "storeWorks":
        this.hubs[step.node]!.store.line = "up";
        break;
      case "storePauses":
        this.hubs[step.node]!.store.line = "holds";
        this.nodes.pass(step.seconds);
        this.hubs[step.node]!.store.line = "up";
        break;
      case "kill":
        this.nodes.kill(this.hubs[step.node]!);
        this.hubs[step.node] = this.#hub();
        break;
      case "pass":
        this.nodes.pass(step.seconds);
        break;
      case "turn":
        clock.pass();
        break;
      case "lose":
        logs.lose();
        break;
    }
    await microtasks();
    this.look();
  }

  /** Applies the frames that arrived at the clients. */
  look(): void {
    for (const client of this.clients) {
      const { watcher } = client;
      if (watcher === undefined) continue;
      const before = watcher.left.length;
      this.leaves.push(...watcher.look().left.slice(before));
      const isKilled = ![...this.hubs].some(({ hub }) =>
        [...hub.peers].some(({ id }) => id === watcher.id)
      );
      // Its hub was killed, or the topic's log was lost.
      if (watcher.peer.closed !== undefined || isKilled) {
        client.watcher = undefined;
      }
    }
  }

  async join(client: Client, node: number): Promise<void> {
    if (client.watcher !== undefined) this.#end(client, 0);
    // A hub whose store fails may not answer a hello.
    this.hubs[node]!.store.line = "up";
    client.data = ++this.#updates;
    const hub = this.hubs[node]!;
    client.watcher = await join(this.nodes, hub, client.data, client.session);
    client.session = client.watcher.session;
  }

  /** Checks the members of every hub, after a time without failures that is longer than the grace time. */
  async check(): Promise<void> {
    for (const { store } of this.hubs) store.line = "up";
    await this.nodes.talk();
    this.look();
    // Each hub gets a member that stays, so that it follows the topic.
    const stay = [];
    for (const hub of this.hubs) {
      stay.push(await join(this.nodes, hub, "stays"));
    }
    for (let seconds = 0; seconds < GRACE_MS / 1000 + 60; seconds += 5) {
      this.nodes.pass(5);
      for (const watcher of stay) watcher.look();
      this.look();
    }
    const expected: [string, unknown][] = stay.map(({ id }) => [id, "stays"]);
    for (const { watcher, data } of this.clients) {
      if (watcher !== undefined) expected.push([watcher.id, data]);
    }
    const members = Object.fromEntries(expected);
    for (const { hub, errors } of this.hubs) {
      assertEquals(Object.fromEntries(hub.topic("room").presence), members);
      assertEquals(errors, []);
    }
    for (const { view } of stay) {
      assertEquals(Object.fromEntries(view), members);
    }
    for (const { watcher } of this.clients) {
      if (watcher !== undefined) {
        assertEquals(Object.fromEntries(watcher.view), members);
      }
    }
  }

  #hub(): Node {
    return this.nodes.add({ presenceGraceMs: GRACE_MS });
  }

  #end(client: Client, code: number): void {
    client.watcher?.look();
    client.watcher?.peer.far.close(code);
    client.watcher = undefined;
  }
}

for (const late of [false, true]) {
  const when = late ? "later" : "at once";

  Deno.test(`after any events all hubs have the same and right members, with a store that answers ${when}`, async () => {
    await fc.assert(
      fc.asyncProperty(
        histories(ALL),
        fc.constantFrom(4, Infinity),
        async (steps, maxRecords) => {
          const world = new World(late, maxRecords);
          await using _nodes = world.nodes;
          for (const step of steps) await world.run(step);
          await world.check();
        },
      ),
      PARAMETERS,
    );
  });

  Deno.test(`a member that resumes in time at any hub does not leave, with a store that answers ${when}`, async () => {
    await fc.assert(
      fc.asyncProperty(histories(QUIET), async (steps) => {
        const world = new World(late, Infinity);
        await using _nodes = world.nodes;
        for (const step of steps) {
          await world.run(step);
          // The clients resume after a pause, so that no grace time ends.
          for (const client of world.clients) {
            if (step.do === "storePauses" && client.session !== undefined) {
              await world.join(client, step.node);
            }
          }
        }
        assertEquals(world.leaves, []);
        await world.check();
      }),
      PARAMETERS,
    );
  });
}
