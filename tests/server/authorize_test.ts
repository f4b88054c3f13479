import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type ClientClock, connect, webClock } from "../../client.ts";
import type { Authorize, AuthorizeRequest, Grant } from "../../mod.ts";
import { CloseCode, PROTOCOL } from "../../messages.ts";
import { serve, type ServeOptions } from "../../server.ts";
import { RawPeer, RefusedError } from "../raw_peer.ts";
import { WirePeer } from "./wire_peer.ts";

/** Accepts any token, in each way that a client can send it: it is the name of the user. */
const byToken: Authorize = ({ token, authorization, cookie }) => {
  const user = token ?? authorization?.replace("Bearer ", "") ??
    /(?:^|; )user=(\w+)/.exec(cookie ?? "")?.[1];
  if (user === undefined || user === "unknown") return "unauthenticated";
  return user === "banned" ? "forbidden" : { user };
};

function startServer(options: ServeOptions = {}) {
  return serve({ port: 0, authorize: byToken, ...options });
}

function subprotocol(token: string): string {
  const bytes = new TextEncoder().encode(token);
  const text = bytes.toBase64({ alphabet: "base64url", omitPadding: true });
  return `drumbeat.token.${text}`;
}

async function refusal(
  port: number,
  options: Parameters<typeof RawPeer.connect>[1] = {},
): Promise<string> {
  const { message, status } = await assertRejects(
    () => RawPeer.connect(port, options),
    RefusedError,
  );
  assertMatch(message, new RegExp(`${status}`));
  return message;
}

/** The ways in which a plain peer sends a token. */
const WAYS: readonly (readonly [
  description: string,
  options: NonNullable<Parameters<typeof RawPeer.connect>[1]>,
])[] = [
  ["a header", { headers: { authorization: "Bearer ada" } }],
  ["a cookie", { headers: { cookie: "x=1; user=ada" } }],
  ["a subprotocol", { protocol: subprotocol("ada") }],
];

for (const [description, options] of WAYS) {
  Deno.test(`accepts a plain peer with a token in ${description}, and does not return the token`, async () => {
    await using server = startServer();
    using peer = await RawPeer.connect(server.addr.port, options);
    assertEquals((await peer.json()).type, "start");
    assertEquals(/token|ada/.test(peer.head), false, peer.head);
    assertEquals([...server.hub.peers].map(({ user }) => user), ["ada"]);
  });
}

Deno.test("refuses plain peers with an HTTP status and without a connection of the hub", async () => {
  const errors: unknown[] = [];
  let isStuck = false;
  await using server = startServer({
    limits: { peersPerUser: 1, authorizeMs: 50 },
    authorize: (request) => isStuck ? new Promise(() => {}) : byToken(request),
    onError: (_error, { stage }) => errors.push(stage),
  });
  const { port } = server.addr;
  const as = (user: string) => ({
    headers: { authorization: `Bearer ${user}` },
  });
  assertMatch(await refusal(port), / 401 /);
  assertMatch(await refusal(port, as("unknown")), / 401 /);
  assertMatch(await refusal(port, as("banned")), / 403 /);
  using ada = await RawPeer.connect(port, as("ada"));
  assertEquals((await ada.json()).type, "start");
  assertMatch(await refusal(port, as("ada")), / 429 /);
  isStuck = true;
  assertMatch(await refusal(port, as("bob")), / 503 /);
  assertEquals(errors, ["authorize"]);
  const { peersOpened, connections } = server.hub.stats();
  assertEquals([peersOpened, connections], [1, 1]);
});

Deno.test("a 401 has a WWW-Authenticate header", async () => {
  await using server = startServer();
  const response = await fetch(`http://127.0.0.1:${server.addr.port}/healthz`);
  assertEquals(response.status, 200);
  await response.body?.cancel();
  using conn = await Deno.connect({ port: server.addr.port });
  await conn.write(new TextEncoder().encode(
    "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n" +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  ));
  const bytes = new Uint8Array(4096);
  const length = await conn.read(bytes);
  assertMatch(
    new TextDecoder().decode(bytes.subarray(0, length ?? 0)),
    /^HTTP\/1\.1 401 [\s\S]*www-authenticate: Bearer/i,
  );
});

Deno.test("refuses drumbeat.v1 connections with a close code after the upgrade, which a page can read", async () => {
  await using server = startServer();
  const url = `ws://127.0.0.1:${server.addr.port}/ws`;
  for (const [token, code] of [["unknown", 4501], ["banned", 4503]] as const) {
    const peer = await WirePeer.open(url, PROTOCOL);
    peer.send({ type: "hello", token });
    assertEquals((await peer.closed).code, code);
  }
});

Deno.test("accepts a drumbeat.v1 client with a token in a subprotocol, which is not chosen, or in a cookie", async () => {
  await using server = startServer();
  const { port } = server.addr;
  for (
    const options of [
      { protocol: `${PROTOCOL}, ${subprotocol("ada")}` },
      { protocol: PROTOCOL, headers: { cookie: "user=ada" } },
    ]
  ) {
    using peer = await RawPeer.connect(port, options);
    assertMatch(peer.head, /sec-websocket-protocol: drumbeat\.v1\r/i);
    await peer.sendJson({ type: "hello" });
    assertEquals((await peer.json()).type, "start");
    assertEquals([...server.hub.peers].at(-1)?.user, "ada");
  }
});

Deno.test("a plain peer that closes while authorize runs has no effect", async () => {
  const called = Promise.withResolvers<AuthorizeRequest>();
  const result = Promise.withResolvers<Grant>();
  const errors: unknown[] = [];
  await using server = startServer({
    onError: (error) => errors.push(error),
    authorize(request) {
      if (request.token === "ada") return { user: "ada" };
      called.resolve(request);
      return result.promise;
    },
  });
  const { port } = server.addr;
  const conn = await Deno.connect({ port });
  await conn.write(new TextEncoder().encode(
    "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n" +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  ));
  await called.promise;
  conn.close();
  result.resolve({ user: "bob" });
  const client = connect(`ws://127.0.0.1:${port}/ws`, { token: "ada" });
  await client.opened();
  assertEquals([...server.hub.peers].map(({ user }) => user), ["ada"]);
  assertEquals(errors, []);
  await client[Symbol.asyncDispose]();
});

/** A client's clock whose timers are a hundred times as fast: one minute is 600 ms. */
const fastClock: ClientClock = {
  ...webClock,
  after: (ms, run) => webClock.after(ms / 100, run),
};

Deno.test("a client renews its token on the open connection", async () => {
  const renewed = Promise.withResolvers<void>();
  const tokens: (string | undefined)[] = [];
  await using server = startServer({
    authorize({ token, peer }) {
      tokens.push(token);
      if (tokens.length === 4) renewed.resolve();
      const user = peer?.user ?? "ada";
      return { user, expiresAt: Date.now() + 60_000 };
    },
  });
  let issued = 0;
  await using client = connect(`ws://127.0.0.1:${server.addr.port}/ws`, {
    token: () => Promise.resolve(`t${++issued}`),
    clock: fastClock,
    connectTimeoutMs: 6_000_000,
    heartbeat: false,
  });
  await renewed.promise;
  assertEquals(tokens, ["t1", "t2", "t3", "t4"]);
  const offset = await client.topic("lobby").publish(
    { type: "chat", text: "still connected" },
    { timeoutMs: 6_000_000 },
  );
  assertEquals([offset, client.attempt, client.lastClose], [0, 0, undefined]);
  const { peersOpened, peersClosed } = server.hub.stats();
  assertEquals([peersOpened, peersClosed], [1, 0]);
});

Deno.test("closes a connection whose token expires without a renewal: a new token resumes, an old one does not reconnect", async () => {
  const used = new Set<string>();
  await using server = startServer({
    heartbeat: { intervalMs: 100, timeoutMs: 10_000 },
    // Refuses renewals, and tokens that were used before.
    authorize({ token = "", peer }) {
      if (peer !== undefined || used.has(token)) return "unauthenticated";
      used.add(token);
      return { user: "ada", expiresAt: Date.now() + 300 };
    },
  });
  const url = `ws://127.0.0.1:${server.addr.port}/ws`;
  let issued = 0;
  await using fresh = connect(url, {
    token: () => `t${++issued}`,
    backoff: { minMs: 1 },
  });
  await using old = connect(url, { token: "old" });
  const closed = new Promise<CloseEvent>((resolve) =>
    old.addEventListener("close", resolve)
  );
  const resumed = Promise.withResolvers<void>();
  fresh.addEventListener("statechange", ({ state }) => {
    if (state === "open" && fresh.resumed) resumed.resolve();
  });
  await fresh.opened();
  const { peer } = fresh;
  await resumed.promise;
  assertEquals(fresh.peer, peer);
  assertEquals((await closed).code, CloseCode.unauthenticated);
});

Deno.test("a session with the token of another user is not resumed, also after a restart with a file", async () => {
  const file = await Deno.makeTempFile();
  const { sqliteStore } = await import("../../adapters/sqlite/store.ts");
  try {
    let session = "";
    let id = "";
    {
      await using server = startServer({ store: sqliteStore(file) });
      const url = `ws://127.0.0.1:${server.addr.port}/ws`;
      const ada = await WirePeer.open(url, PROTOCOL);
      ada.send({ type: "hello", token: "ada" });
      const start = await ada.next();
      ({ session, peer: id } = start);
      await ada[Symbol.asyncDispose]();
    }
    await using server = startServer({ store: sqliteStore(file) });
    const url = `ws://127.0.0.1:${server.addr.port}/ws`;
    const results: [string, boolean, boolean][] = [];
    for (const token of ["bob", "ada"]) {
      await using peer = await WirePeer.open(url, PROTOCOL);
      peer.send({ type: "hello", token, session });
      const start = await peer.next();
      results.push([token, start.resumed, start.peer === id]);
    }
    assertEquals(results, [["bob", false, false], ["ada", true, true]]);
  } finally {
    await Deno.remove(file);
    for (const suffix of ["-wal", "-shm"]) {
      await Deno.remove(file + suffix).catch(() => {});
    }
  }
});

Deno.test("refuses topics that are not allowed, and unsubscribes a client whose new token has fewer rights", async () => {
  const rights = new Map([["t1", ["lobby", "room:*"]], ["t2", ["lobby"]]]);
  let issued = 0;
  await using server = startServer({
    authorize: ({ token = "" }) => ({
      user: "ada",
      expiresAt: Date.now() + 500,
      allow: { subscribe: rights.get(token) ?? [] },
    }),
  });
  await using client = connect(`ws://127.0.0.1:${server.addr.port}/ws`, {
    token: () => `t${Math.min(2, ++issued)}`,
  });
  const room = client.topic("room:1");
  await room.subscribed();
  const secret = await assertRejects(() => client.topic("secret").subscribed());
  assertEquals((secret as { code?: string }).code, "forbidden");
  const records = room[Symbol.asyncIterator]();
  const ended = await assertRejects(async () => void await records.next());
  assertEquals((ended as { code?: string }).code, "forbidden");
  assertEquals(room.state, "refused");
  assert(server.hub.topic("room:1").subscribers.size === 0);
});
