import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type ClientClock, connect, webClock } from "../../client.ts";
import type { Authorize, AuthorizeRequest, Grant } from "../../mod.ts";
import { CloseCode, PROTOCOL } from "../../messages.ts";
import { serve, type ServeOptions } from "../../server.ts";
import { RawPeer, RefusedError } from "../raw_peer.ts";
import { WirePeer } from "./wire_peer.ts";

/** Whoever knows a token, by any way there is, is the one that it names. */
const byToken: Authorize = ({ token, authorization, cookie }) => {
  const user = token ?? authorization?.replace("Bearer ", "") ??
    /(?:^|; )user=(\w+)/.exec(cookie ?? "")?.[1];
  if (user === undefined || user === "nobody") return "unauthenticated";
  return user === "banned" ? "forbidden" : { user };
};

function serving(options: ServeOptions = {}) {
  return serve({ port: 0, authorize: byToken, ...options });
}

function subprotocol(token: string): string {
  const bytes = new TextEncoder().encode(token);
  const text = bytes.toBase64({ alphabet: "base64url", omitPadding: true });
  return `drumbeat.token.${text}`;
}

async function refused(
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

/** What gets a plain peer in. */
const WAYS: readonly (readonly [
  words: string,
  options: NonNullable<Parameters<typeof RawPeer.connect>[1]>,
])[] = [
  ["a header", { headers: { authorization: "Bearer ada" } }],
  ["a cookie", { headers: { cookie: "x=1; user=ada" } }],
  ["a subprotocol", { protocol: subprotocol("ada") }],
];

for (const [words, options] of WAYS) {
  Deno.test(`a plain peer gets in by ${words}, and no token is told back`, async () => {
    await using server = serving();
    using peer = await RawPeer.connect(server.addr.port, options);
    assertEquals((await peer.json()).type, "start");
    assertEquals(/token|ada/.test(peer.head), false, peer.head);
    assertEquals([...server.hub.peers].map(({ user }) => user), ["ada"]);
  });
}

Deno.test("plain peers that are not let in are told in HTTP, and the hub has no connection of them", async () => {
  const errors: unknown[] = [];
  let fail = false;
  await using server = serving({
    limits: { peersPerUser: 1, authorizeMs: 50 },
    authorize: (request) => fail ? new Promise(() => {}) : byToken(request),
    onError: (_error, { stage }) => errors.push(stage),
  });
  const { port } = server.addr;
  const as = (user: string) => ({
    headers: { authorization: `Bearer ${user}` },
  });
  assertMatch(await refused(port), / 401 /);
  assertMatch(await refused(port, as("nobody")), / 401 /);
  assertMatch(await refused(port, as("banned")), / 403 /);
  using ada = await RawPeer.connect(port, as("ada"));
  assertEquals((await ada.json()).type, "start");
  assertMatch(await refused(port, as("ada")), / 429 /);
  fail = true;
  assertMatch(await refused(port, as("bob")), / 503 /);
  assertEquals(errors, ["authorize"]);
  const { joins, connections } = server.hub.stats();
  assertEquals([joins, connections], [1, 1]);
});

Deno.test("a 401 says how to say who one is", async () => {
  await using server = serving();
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

Deno.test("a page sees why a drumbeat.v1 connection is refused: the close code comes after the upgrade", async () => {
  await using server = serving();
  const url = `ws://127.0.0.1:${server.addr.port}/ws`;
  for (const [token, code] of [["nobody", 4501], ["banned", 4503]] as const) {
    const peer = await WirePeer.open(url, PROTOCOL);
    peer.send({ type: "hello", token });
    assertEquals((await peer.closed).code, code);
  }
});

Deno.test("a drumbeat.v1 client gets in by a subprotocol, which is not the one agreed on, or by a cookie", async () => {
  await using server = serving();
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

Deno.test("a plain peer that goes while it is asked about costs nobody anything", async () => {
  const asked = Promise.withResolvers<AuthorizeRequest>();
  const answer = Promise.withResolvers<Grant>();
  const errors: unknown[] = [];
  await using server = serving({
    onError: (error) => errors.push(error),
    authorize(request) {
      if (request.token === "ada") return { user: "ada" };
      asked.resolve(request);
      return answer.promise;
    },
  });
  const { port } = server.addr;
  const conn = await Deno.connect({ port });
  await conn.write(new TextEncoder().encode(
    "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n" +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  ));
  await asked.promise;
  conn.close();
  answer.resolve({ user: "bob" });
  const client = connect(`ws://127.0.0.1:${port}/ws`, { token: "ada" });
  await client.opened();
  assertEquals([...server.hub.peers].map(({ user }) => user), ["ada"]);
  assertEquals(errors, []);
  await client[Symbol.asyncDispose]();
});

/** A client's clock that goes a hundred times as fast: what is due in a minute comes in 600 ms. */
const hasty: ClientClock = {
  ...webClock,
  after: (ms, run) => webClock.after(ms / 100, run),
};

Deno.test("a client renews its token by itself, on the connection that it has", async () => {
  const renewed = Promise.withResolvers<void>();
  const tokens: (string | undefined)[] = [];
  await using server = serving({
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
    clock: hasty,
    connectTimeoutMs: 6_000_000,
    heartbeat: false,
  });
  await renewed.promise;
  assertEquals(tokens, ["t1", "t2", "t3", "t4"]);
  const offset = await client.topic("lobby").publish(
    { type: "chat", text: "still here" },
    { timeoutMs: 6_000_000 },
  );
  assertEquals([offset, client.attempt, client.lastClose], [0, 0, undefined]);
  const { joins, leaves } = server.hub.stats();
  assertEquals([joins, leaves], [1, 0]);
});

Deno.test("without a renewal a connection ends with its token; a fresh one resumes, an old one stays away", async () => {
  const seen = new Set<string>();
  await using server = serving({
    heartbeat: { intervalMs: 100, timeoutMs: 10_000 },
    // Nobody is let renew, and no token is good twice.
    authorize({ token = "", peer }) {
      if (peer !== undefined || seen.has(token)) return "unauthenticated";
      seen.add(token);
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

Deno.test("a session that was stolen with another user's token is a new one, over real sockets and from the disk", async () => {
  const file = await Deno.makeTempFile();
  const { sqliteStore } = await import("../../adapters/sqlite/store.ts");
  try {
    let session = "";
    let id = "";
    {
      await using server = serving({ store: sqliteStore(file) });
      const url = `ws://127.0.0.1:${server.addr.port}/ws`;
      const ada = await WirePeer.open(url, PROTOCOL);
      ada.send({ type: "hello", token: "ada" });
      const start = await ada.next();
      ({ session, peer: id } = start);
      await ada[Symbol.asyncDispose]();
    }
    await using server = serving({ store: sqliteStore(file) });
    const url = `ws://127.0.0.1:${server.addr.port}/ws`;
    const ends: [string, boolean, boolean][] = [];
    for (const token of ["bob", "ada"]) {
      await using peer = await WirePeer.open(url, PROTOCOL);
      peer.send({ type: "hello", token, session });
      const start = await peer.next();
      ends.push([token, start.resumed, start.peer === id]);
    }
    assertEquals(ends, [["bob", false, false], ["ada", true, true]]);
  } finally {
    await Deno.remove(file);
    for (const ending of ["-wal", "-shm"]) {
      await Deno.remove(file + ending).catch(() => {});
    }
  }
});

Deno.test("topics that are not allowed are refused to a client, and taken away by a token with fewer rights", async () => {
  const rights = new Map([["t1", ["lobby", "room:*"]], ["t2", ["lobby"]]]);
  let issued = 0;
  await using server = serving({
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
  await room.joined();
  const secret = await assertRejects(() => client.topic("secret").joined());
  assertEquals((secret as { code?: string }).code, "forbidden");
  const records = room[Symbol.asyncIterator]();
  const ended = await assertRejects(async () => void await records.next());
  assertEquals((ended as { code?: string }).code, "forbidden");
  assertEquals(room.state, "refused");
  assert(server.hub.topic("room:1").subscribers.size === 0);
});
