import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { microtasks } from "../../faults/process_clock.ts";
import { type Node, Nodes } from "../nodes.ts";
import { join, type Watcher } from "../watcher.ts";

/** `SEED=7 RUNS=3000 deno test -A tests/hub/presence/property_test.ts` looks further. */
const PARAMETERS = {
  seed: Number(Deno.env.get("SEED") ?? 1),
  numRuns: Number(Deno.env.get("RUNS") ?? 120),
};

const NODES = 3;
const MEMBERS = 4;
const GRACE_MS = 60_000;

/** One step of a random history: prints as it is. */
type Step =
  | { readonly do: "enter"; who: number; node: number }
  | { readonly do: "cut" | "say" | "bye" | "quit"; who: number }
  | { readonly do: "away"; node: number; line: "holds" | "refuses" }
  | { readonly do: "back" | "kill"; node: number }
  | { readonly do: "hiccup"; node: number; seconds: number }
  | { readonly do: "pass"; seconds: number }
  | { readonly do: "turn" | "lose" };

const who = fc.nat(MEMBERS - 1);
const node = fc.nat(NODES - 1);
const one = <T extends string>(name: T) => fc.constant(name);

/** What does not make anybody leave. */
const QUIET: readonly fc.WeightedArbitrary<Step>[] = [
  { weight: 10, arbitrary: fc.record({ do: one("enter"), who, node }) },
  { weight: 6, arbitrary: fc.record({ do: one("cut"), who }) },
  { weight: 5, arbitrary: fc.record({ do: one("say"), who }) },
  { weight: 14, arbitrary: fc.record({ do: one("turn") }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: one("hiccup"),
      node,
      seconds: fc.integer({ min: 1, max: 8 }),
    }),
  },
];

const ALL: readonly fc.WeightedArbitrary<Step>[] = [
  ...QUIET,
  { weight: 2, arbitrary: fc.record({ do: one("bye"), who }) },
  { weight: 2, arbitrary: fc.record({ do: one("quit"), who }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: one("away"),
      node,
      line: fc.constantFrom("holds" as const, "refuses" as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: one("back"), node }) },
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

/** Somebody who comes, goes, moves between hubs, and has something to say of itself. */
interface Actor {
  session: string | undefined;
  watcher: Watcher | undefined;
  said: number;
}

/** Hubs and members in a random history, and the tiny model: who is connected as a member, and what each said last. */
class World {
  readonly nodes: Nodes;
  readonly hubs: Node[] = [];
  readonly actors: Actor[] = [];
  /** All that were told of leaves. */
  readonly leaves: string[] = [];
  #said = 0;

  constructor(late: boolean, maxRecords: number) {
    this.nodes = new Nodes({ late, maxRecords });
    for (let n = 0; n < NODES; n++) this.hubs.push(this.#hub());
    for (let n = 0; n < MEMBERS; n++) {
      this.actors.push({ session: undefined, watcher: undefined, said: 0 });
    }
  }

  async take(step: Step): Promise<void> {
    const { clock, logs } = this.nodes;
    // No two things are said at the same time.
    clock.advance(1);
    switch (step.do) {
      case "enter":
        await this.enter(this.actors[step.who]!, step.node);
        break;
      case "cut":
        this.#end(this.actors[step.who]!, 0);
        break;
      case "bye":
        this.#end(this.actors[step.who]!, 1000);
        break;
      case "say": {
        const actor = this.actors[step.who]!;
        if (actor.watcher === undefined) break;
        actor.said = ++this.#said;
        const frame = { type: "presence", id: actor.said, topic: "room" };
        actor.watcher.peer.send({ ...frame, data: actor.said });
        break;
      }
      case "quit": {
        const actor = this.actors[step.who]!;
        actor.watcher?.peer.send({ type: "unsubscribe", id: 0, topic: "room" });
        actor.watcher?.look();
        actor.watcher = undefined;
        break;
      }
      case "away":
        this.hubs[step.node]!.store.line = step.line;
        break;
      case "back":
        this.hubs[step.node]!.store.line = "up";
        break;
      case "hiccup":
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

  /** Takes in what everybody was told. */
  look(): void {
    for (const actor of this.actors) {
      const { watcher } = actor;
      if (watcher === undefined) continue;
      const before = watcher.left.length;
      this.leaves.push(...watcher.look().left.slice(before));
      const dead = ![...this.hubs].some(({ hub }) =>
        [...hub.peers].some(({ id }) => id === watcher.id)
      );
      // Its hub was killed, or its topic's log was lost.
      if (watcher.peer.closed !== undefined || dead) actor.watcher = undefined;
    }
  }

  async enter(actor: Actor, node: number): Promise<void> {
    if (actor.watcher !== undefined) this.#end(actor, 0);
    // While its store is away a hub may not answer a hello: whoever cannot get in goes on.
    this.hubs[node]!.store.line = "up";
    actor.said = ++this.#said;
    const hub = this.hubs[node]!;
    actor.watcher = await join(this.nodes, hub, actor.said, actor.session);
    actor.session = actor.watcher.session;
  }

  /** All is well for longer than any grace: everybody who is connected is everywhere, and nobody else anywhere. */
  async verdict(): Promise<void> {
    for (const { store } of this.hubs) store.line = "up";
    await this.nodes.talk();
    this.look();
    // Nobody may forget the topic: each hub has a member that stays.
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
    for (const { watcher, said } of this.actors) {
      if (watcher !== undefined) expected.push([watcher.id, said]);
    }
    const truth = Object.fromEntries(expected);
    for (const { hub, errors } of this.hubs) {
      assertEquals(Object.fromEntries(hub.topic("room").presence), truth);
      assertEquals(errors, []);
    }
    for (const { view } of stay) assertEquals(Object.fromEntries(view), truth);
    for (const { watcher } of this.actors) {
      if (watcher !== undefined) {
        assertEquals(Object.fromEntries(watcher.view), truth);
      }
    }
  }

  #hub(): Node {
    return this.nodes.add({ presenceGraceMs: GRACE_MS });
  }

  #end(actor: Actor, code: number): void {
    actor.watcher?.look();
    actor.watcher?.peer.far.close(code);
    actor.watcher = undefined;
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
          for (const step of steps) await world.take(step);
          await world.verdict();
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
          await world.take(step);
          // Nobody's grace may end.
          for (const actor of world.actors) {
            if (step.do === "hiccup" && actor.session !== undefined) {
              await world.enter(actor, step.node);
            }
          }
        }
        assertEquals(world.leaves, []);
        await world.verdict();
      }),
      PARAMETERS,
    );
  });
}
