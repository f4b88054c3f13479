import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type AnyFrame, inMemory, type TestPeer } from "../in_memory.ts";
import { member } from "./members.ts";

/** Below 5 s, the grace time after 1001: it is the same after every code. */
const GRACE_MS = 3_000;

const PEERS = 4;

type Step =
  | {
    readonly do: "connect";
    readonly client: number;
    readonly data: number | null;
  }
  | { readonly do: "close"; readonly client: number; readonly code: number }
  | { readonly do: "closeLate"; readonly client: number; readonly code: number }
  | { readonly do: "leave"; readonly client: number }
  | { readonly do: "update"; readonly client: number; readonly data: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "flush" };

const client = fc.nat(PEERS - 1);

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: connect() },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("close" as const),
        client,
        code: fc.constantFrom(0, 1000, 1001, 1005, 1006, 1012, 4000, 4500),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("closeLate" as const),
        client,
        code: fc.constantFrom(0, 1000, 1005, 1006, 4505),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("leave"), client }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("update" as const),
        client,
        data: fc.nat(2),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("wait" as const),
        ms: fc.constantFrom(1, 900, 1_000, 2_500, 4_000),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("flush" as const) }) },
  ) as fc.Arbitrary<Step>,
  { minLength: 1, maxLength: 40 },
);

function connect(): fc.Arbitrary<Step> {
  return fc.record({
    do: fc.constant("connect" as const),
    client,
    // `null`: it resumes without presence.
    data: fc.option<number, null>(fc.nat(2), {
      freq: 5,
      nil: null,
    }),
  });
}

/** The members according to the frames of one watcher. An impossible frame fails the test. */
class View {
  readonly members = new Map<string, unknown>();
  #isFirst = true;

  take(frames: readonly AnyFrame[]): void {
    for (const { snapshot = false, join, leave = [] } of frames) {
      assert(snapshot || !this.#isFirst, "the first frame must be a snapshot");
      this.#isFirst = false;
      if (snapshot) this.members.clear();
      for (const peer of leave) {
        assert(
          this.members.delete(peer),
          `${peer} leaves, but is not a member`,
        );
      }
      for (const { peer, data } of join) this.members.set(peer, data);
    }
  }
}

/** A client of the model: its session, its connection and all earlier ones. */
interface ModelClient {
  session: string | undefined;
  id: string;
  peer: TestPeer | undefined;
  view: View | undefined;
  readonly old: TestPeer[];
  /** The data of the client's member in the model; `undefined` without one. */
  shown: number | undefined;
  /** The end of the grace time of a disconnected client. */
  until: number;
}

Deno.test("after any order of closes, resumes and late close events all watchers have the same members, and none leaves twice", async () => {
  await fc.assert(
    fc.asyncProperty(
      steps,
      fc.constantFrom(GRACE_MS, 20_000),
      async (steps, sessionMs) => {
        const seen = new View();
        let isFirst = true;
        await using hub = inMemory({
          sessionMs,
          presenceGraceMs: GRACE_MS,
          heartbeat: { timeoutMs: 1e9 },
          onPresence: (change) => {
            seen.take([{ ...change, snapshot: isFirst }]);
            isFirst = false;
          },
        });
        const clients = Array.from({ length: PEERS }, (): ModelClient => ({
          session: undefined,
          id: "",
          peer: undefined,
          view: undefined,
          old: [],
          shown: undefined,
          until: Infinity,
        }));
        // The heartbeat ticks every second from the first connection on.
        const watcher = await hub.v1(member(-1));
        const ticks = hub.clock.now();
        const watcherId = hub.opened[0]!.id;
        const watched = new View();
        for (const client of clients) await connectClient(client, 0);
        for (const step of steps) await run(step);
        hub.clock.advance(GRACE_MS + 1_000);
        expire();
        check();

        async function run(step: Step): Promise<void> {
          if (step.do === "flush") return check();
          if (step.do === "wait") {
            hub.clock.advance(step.ms);
            return expire();
          }
          const client = clients[step.client]!;
          const { peer } = client;
          if (step.do === "connect") {
            return await connectClient(client, step.data);
          }
          if (step.do === "closeLate") {
            return client.old.at(-1)?.far.close(step.code);
          }
          if (peer === undefined) return;
          if (step.do === "close") {
            peer.far.close(step.code);
            const over = [1000, 1005, 4500].includes(step.code);
            return disconnect(client, over);
          }
          if (step.do === "leave") {
            peer.send({ type: "unsubscribe", id: 1, topic: "room" });
            client.shown = client.view = undefined;
          } else if (client.shown !== undefined) {
            const { data } = step;
            peer.send({ type: "presence", id: 1, topic: "room", data });
            client.shown = data;
          }
        }

        async function connectClient(client: ModelClient, data: number | null) {
          const { session } = client;
          if (client.peer !== undefined) client.old.push(client.peer);
          const { peer, start } = await hub.start({
            topics: { room: data === null ? {} : { presence: true, data } },
            ...(session === undefined ? {} : { session }),
          });
          if (!start.resumed && client.shown !== undefined) {
            // A new session: the member of the old one stays for its grace time.
            clients.push({ ...client, peer: undefined, session: undefined });
          }
          client.peer = peer;
          client.id = start.peer;
          client.session = start.session;
          client.until = Infinity;
          client.shown = data ?? undefined;
          client.view = data === null ? undefined : new View();
        }

        function disconnect(client: ModelClient, over: boolean): void {
          client.old.push(client.peer!);
          client.peer = client.view = undefined;
          client.until = hub.clock.now() + GRACE_MS;
          if (over) client.shown = undefined;
        }

        function expire(): void {
          const passed = Math.floor((hub.clock.now() - ticks) / 1_000);
          for (const client of clients) {
            if (client.until <= ticks + passed * 1_000) {
              client.shown = undefined;
            }
          }
        }

        function check(): void {
          hub.flush();
          const members = new Map<string, unknown>([[watcherId, -1]]);
          for (const { id, shown } of clients) {
            if (shown !== undefined) members.set(id, shown);
          }
          watched.take(watcher.readType("presence"));
          assertEquals(watched.members, members);
          assertEquals(seen.members, members);
          assertEquals(new Map(hub.hub.topic("room").presence), members);
          for (const { peer, view } of clients) {
            const frames = peer?.readType("presence") ?? [];
            if (view === undefined) continue;
            view.take(frames);
            assertEquals(view.members, members);
          }
        }
      },
    ),
    { numRuns: 300 },
  );
});
