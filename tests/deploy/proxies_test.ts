import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { PROTOCOL } from "../../messages.ts";
import { type Client, connect, serve } from "../../mod.ts";
import { RawPeer, RefusedError } from "../raw_peer.ts";
import { openPeer } from "../examples/plain_peer.ts";
import { hasProgram, programTest } from "./programs.ts";
import { type ProxyName, ProxyProcess } from "./proxy_process.ts";

const NAMES = ["nginx", "haproxy"] as const;
/** A sixtieth of the default: ten minutes are ten seconds. */
const BEAT_MS = 10_000 / 60;
/** The proxies' timeout instead of a minute: two seconds, because a busy machine may miss a few heartbeats. */
const IDLE_MS = 2_000;
/** The heartbeats of ten minutes. */
const BEATS = 60;

/** Resolves when a client has this state. */
function state(client: Client, wanted: string): Promise<void> {
  return new Promise((resolve) => {
    const check = () => {
      if (client.state !== wanted) return;
      client.removeEventListener("statechange", check);
      resolve();
    };
    client.addEventListener("statechange", check);
    check();
  });
}

/** Resolves after this number of round trips. */
function beats(client: Client, count: number): Promise<void> {
  return new Promise((resolve) => {
    client.addEventListener("heartbeat", () => {
      if (--count === 0) resolve();
    });
  });
}

for (const name of NAMES) {
  await programTest(
    name,
    `behind ${name} the page, plain lines and binary frames work, and the address is the client's`,
    async () => {
      const addresses: string[] = [];
      await using server = serve({
        port: 0,
        trustedProxies: 1,
        onOpen: ({ info }) => void addresses.push(info.address),
      });
      await using proxy = await ProxyProcess.start(name, {
        upstreams: [server.addr.port],
        idleMs: 60_000,
        drainMs: 500,
      });
      const host = `127.0.0.1:${proxy.port}`;
      const page = await fetch(`http://${host}/`);
      assertEquals(page.status, 200);
      assertMatch(
        page.headers.get("content-security-policy") ?? "",
        /script-src 'self'/,
      );
      await page.body?.cancel();
      await using a = await openPeer(`ws://${host}/ws`);
      await using b = await openPeer(`ws://${host}/`);
      for (const peer of [a, b]) {
        assertEquals(JSON.parse(await peer.next()).type, "start");
      }
      a.send('{"type":"chat","text":"through"}');
      for (const peer of [a, b]) {
        assertEquals(await peer.next(), '{"type":"chat","text":"through"}');
      }
      // The client's own X-Forwarded-For is ignored. A page of this host may connect, a page of another host may not.
      using own = await RawPeer.connect(proxy.port, {
        headers: {
          origin: `http://${host}`,
          "x-forwarded-for": "203.0.113.9",
        },
      });
      assertEquals((await own.json()).type, "start");
      assertEquals(addresses, ["127.0.0.1", "127.0.0.1", "127.0.0.1"]);
      const { status } = await assertRejects(
        () =>
          RawPeer.connect(proxy.port, {
            headers: { origin: "https://other.example" },
          }),
        RefusedError,
      );
      assertEquals(status, 403);
    },
  );

  await programTest(
    name,
    `a reload of ${name} loses nothing: clients reconnect and resume`,
    async () => {
      await using server = serve({ port: 0 });
      await using proxy = await ProxyProcess.start(name, {
        upstreams: [server.addr.port],
        idleMs: 60_000,
        drainMs: 200,
      });
      const url = `ws://127.0.0.1:${proxy.port}/ws`;
      const backoff = { minMs: 20, maxMs: 100 };
      await using publisher = connect(url, { backoff });
      await using subscriber = connect(url, { backoff });
      const received: number[] = [];
      let gaps = 0;
      const topic = subscriber.topic("steady");
      topic.on("n", ({ n }) => void received.push(n as number));
      topic.onGap(() => void gaps++);
      await topic.subscribed();
      const reconnects = [publisher, subscriber].map((client) =>
        state(client, "waiting").then(() => state(client, "open"))
      );
      const sent: number[] = [];
      let isOver = false;
      const publishing = (async () => {
        for (let n = 0; !isOver; n++) {
          const offset = await publisher.topic("steady").publish({
            type: "n",
            n,
          });
          assertEquals(offset, n);
          sent.push(n);
          if (n === 50) proxy.reload();
        }
      })();
      // The reload closed both connections, and both clients reconnected.
      await Promise.all(reconnects);
      isOver = true;
      await publishing;
      assert(sent.length > 50);
      const { promise: all, resolve } = Promise.withResolvers<void>();
      const check = () => received.length >= sent.length && resolve();
      topic.onAny(check);
      check();
      await all;
      assertEquals([received, gaps], [sent, 0]);
    },
  );
}

/** Runs the ten minutes behind one proxy. */
async function idleBehind(name: ProxyName): Promise<void> {
  await using server = serve({
    port: 0,
    heartbeat: { intervalMs: BEAT_MS, timeoutMs: 10_000 },
  });
  await using withoutHeartbeat = serve({
    port: 0,
    heartbeat: { intervalMs: 600_000, timeoutMs: 1_500_000 },
  });
  const options = { idleMs: IDLE_MS, drainMs: 500 };
  await using proxy = await ProxyProcess.start(name, {
    upstreams: [server.addr.port],
    ...options,
  });
  await using control = await ProxyProcess.start(name, {
    upstreams: [withoutHeartbeat.addr.port],
    ...options,
  });
  await using client = connect(`ws://127.0.0.1:${proxy.port}/ws`);
  await state(client, "open");
  let changes = 0;
  client.addEventListener("statechange", () => changes++);
  // Without a heartbeat the proxy closes the connection, so the heartbeat keeps it open.
  using silent = await RawPeer.connect(control.port, {
    protocol: PROTOCOL,
  });
  await silent.sendJson({ type: "hello" });
  assertEquals((await silent.json()).type, "start");
  const closed = silent.closeCode();
  await beats(client, BEATS);
  assertEquals(await closed, 1006);
  assertEquals([client.state, changes], ["open", 0]);
}

Deno.test("behind each proxy the heartbeat keeps a client connected that publishes nothing for ten minutes", async () => {
  const present = await Promise.all(NAMES.map(hasProgram));
  await Promise.all(NAMES.filter((_, i) => present[i]).map(idleBehind));
});
