import { assertEquals } from "@std/assert";
import { InflightBudget } from "../../../client/protocol/inflight.ts";
import { connect } from "../../../client.ts";
import { serve } from "../../../mod.ts";
import { type AnyFrame, handshake, harness } from "../harness.ts";

Deno.test("publishes and requests share the budget, and take turns where both wait", () => {
  const publishes = { inflight: 0, isWaiting: true };
  const requests = { inflight: 0, isWaiting: true };
  for (const limit of [1, 4]) {
    const budget = new InflightBudget(limit, publishes, requests);
    publishes.inflight = requests.inflight = 0;
    const sent: string[] = [];
    // Each kind sends what it may, as after each answer.
    const send = (): void => {
      for (let isDone = false; !isDone;) {
        isDone = true;
        if (publishes.inflight < budget.maxPublishes) {
          publishes.inflight++;
          budget.sent("publishes");
          sent.push("p");
          isDone = false;
        } else if (budget.hasRequestCapacity) {
          requests.inflight++;
          budget.sent("requests");
          sent.push("r");
          isDone = false;
        }
      }
    };
    send();
    assertEquals(publishes.inflight + requests.inflight, limit);
    for (let i = 0; i < 4; i++) {
      if (sent.at(-1) === "p") publishes.inflight--;
      else requests.inflight--;
      send();
    }
    assertEquals(sent.slice(-4).toSorted(), ["p", "p", "r", "r"]);
  }
});

Deno.test("a publish waits while requests use up the server's inflight, and the other way round", async () => {
  using h = harness({ lobby: false });
  const room = h.client.topic("room:1");
  handshake(h.net.last, {
    limits: {
      messageBytes: 65_536,
      windowBytes: 262_144,
      inflight: 2,
      topicsPerPeer: 128,
    },
  });
  const answers = [1, 2, 3].map((n) => h.client.request("slow", n));
  const published = room.publish({ type: "chat" });
  const take = () => h.net.last.take() as AnyFrame[];
  const first = take();
  assertEquals(first.map(({ type }) => type), ["request", "request"]);
  h.net.last.emit({ type: "reply", id: first[0].id, data: 1 });
  const second = take();
  assertEquals(second.length, 1);
  h.net.last.emit({ type: "reply", id: first[1].id, data: 2 });
  const third = take();
  assertEquals(
    [...second, ...third].map(({ type }) => type).toSorted(),
    ["publish", "request"],
  );
  for (const { type, id } of [...second, ...third]) {
    h.net.last.emit(
      type === "publish" ? { type: "ack", id, offset: 0 } : {
        type: "reply",
        id,
        data: 3,
      },
    );
  }
  assertEquals(await Promise.all(answers), [1, 2, 3]);
  assertEquals(await published, 0);
});

Deno.test("8 slow requests, a publish and 300 more requests all succeed with an inflight of 8", async () => {
  await using server = serve({
    port: 0,
    page: false,
    limits: { inflight: 8 },
  });
  const release = Promise.withResolvers<void>();
  server.hub.handle("slow", () => release.promise.then(() => "done"));
  server.hub.handle("echo", (data) => data as number);
  await using client = connect(`ws://127.0.0.1:${server.addr.port}/ws`);
  await client.opened();
  const dropped: unknown[] = [];
  client.addEventListener("dropped", ({ reason }) => dropped.push(reason));
  const slow = Array.from({ length: 8 }, () => client.request("slow"));
  const published = client.topic("room").publish({ type: "chat" });
  const echoes = Array.from(
    { length: 300 },
    (_, i) => client.request("echo", i, { timeoutMs: 60_000 }),
  );
  release.resolve();
  assertEquals(new Set(await Promise.all(slow)), new Set(["done"]));
  assertEquals(await published, 0);
  assertEquals(await Promise.all(echoes), Array.from(echoes.keys()));
  assertEquals([dropped, client.lastClose], [[], undefined]);
});

Deno.test("2,000 pings in a loop wait for the server's rates", () => {
  using h = harness({ heartbeat: false });
  handshake(h.net.last, {
    limits: {
      messageBytes: 65_536,
      windowBytes: 262_144,
      inflight: 8,
      topicsPerPeer: 128,
      messagesPerSecond: 100,
      bytesPerSecond: 1_000_000,
    },
  });
  for (let i = 0; i < 2_000; i++) h.client.send('{"type":"ping"}');
  const count = h.net.last.take().length;
  assertEquals(count <= 8, true);
  h.clock.tick(1_000);
  const perSecond = h.net.last.take().length;
  assertEquals(perSecond > 80 && perSecond <= 100, true);
  // The program's pings do not delay the heartbeat of the client.
  assertEquals(h.client.state, "open");
});
