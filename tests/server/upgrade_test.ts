import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { createHandler, createHub, type Server } from "../../server.ts";
import { rawHttp, RawPeer, RefusedError } from "../raw_peer.ts";
import { test } from "./transports.ts";
import { WirePeer } from "./wire_peer.ts";

function subprotocolOf({ head }: RawPeer): string | undefined {
  return /^sec-websocket-protocol: (.*)$/im.exec(head)?.[1]?.trim();
}

/** The offered subprotocols, the chosen one, and the first frame of the server. */
const OFFERS: readonly (readonly [
  offer: string | undefined,
  chosen: string | undefined,
  first: string,
])[] = [
  [undefined, undefined, "start"],
  ["chat", "chat", "start"],
  ["chat, superchat", "chat", "start"],
  ["drumbeat", "drumbeat", "start"],
  ["chat,superchat", "chat", "start"],
  ["drumbeat.token.YWRh", undefined, "start"],
  ["drumbeat.token.YWRh, chat", "chat", "start"],
  ["a,drumbeat.v1,drumbeat.token.YWRh", "drumbeat.v1", "nothing"],
  ["drumbeat.v1", "drumbeat.v1", "nothing"],
  ["chat, drumbeat.v1", "drumbeat.v1", "nothing"],
  ["drumbeat.v9, drumbeat.v1", "drumbeat.v1", "nothing"],
  ["drumbeat.v9", "drumbeat.v9", "4506"],
  ["chat, drumbeat.v2", "drumbeat.v2", "4506"],
];

for (const [offer, protocol, first] of OFFERS) {
  test(
    `an offer of ${offer ?? "no subprotocol"} gets ${
      protocol ?? "none"
    }, and then ${first}`,
    async ({ serve }) => {
      await using server = await serve({ port: 0 });
      using peer = await RawPeer.connect(
        server.addr.port,
        offer === undefined ? {} : { protocol: offer },
      );
      assertEquals(subprotocolOf(peer), protocol);
      if (first === "4506") {
        assertEquals(await peer.closeCode(), 4506);
        await peer.close(4506);
      } else if (first === "start") {
        assertEquals((await peer.json()).type, "start");
      } else {
        await peer.sendJson({ type: "hello" });
        assertEquals((await peer.json()).resumed, false);
      }
    },
  );
}

test("closes a client of an unsupported version with 4506 and the supported one", async ({ serve }) => {
  await using server = await serve({ port: 0 });
  const peer = await WirePeer.open(
    `ws://127.0.0.1:${server.addr.port}/ws`,
    "drumbeat.v9",
  );
  assertEquals(await peer.closed, {
    code: 4506,
    reason: "Unsupported version: use drumbeat.v1",
  });
  assertEquals(server.hub.stats().connections, 0);
});

/** Invalid handshakes. */
const HANDSHAKES: readonly (readonly [
  description: string,
  headers: Readonly<Record<string, string>>,
])[] = [
  ["without a key", { "sec-websocket-key": "" }],
  ["of another version", { "sec-websocket-version": "8" }],
  ["without a connection header", { connection: "close" }],
];

for (const [description, headers] of HANDSHAKES) {
  test(`refuses a handshake ${description} with an HTTP status and without a connection of the hub`, async ({ serve }) => {
    await using server = await serve({ port: 0 });
    const refused = await assertRejects(
      () => RawPeer.connect(server.addr.port, { headers }),
      RefusedError,
    );
    assert([400, 426].includes(refused.status), refused.message);
    assertEquals(server.hub.stats().connections, 0);
  });
}

test("answers 404 to an upgrade of another path", async ({ serve }) => {
  await using server = await serve({ port: 0 });
  const refused = await assertRejects(
    () => RawPeer.connect(server.addr.port, { path: "/other" }),
    RefusedError,
  );
  assertEquals(refused.status, 404);
});

test("accepts a query, and the peer has the URL and the address", async ({ serve }) => {
  const { promise, resolve } = Promise.withResolvers<
    { url: string; address: string; protocol: string }
  >();
  await using server = await serve({
    port: 0,
    onOpen: ({ info }) => resolve(info),
  });
  using _ = await RawPeer.connect(server.addr.port, { path: "/ws?room=1" });
  assertEquals(await promise, {
    protocol: "",
    url: `http://127.0.0.1:${server.addr.port}/ws?room=1`,
    address: "127.0.0.1",
  });
});

test("a full hub answers 503, and accepts a connection after another has closed", async ({ serve }) => {
  const closed = Promise.withResolvers<void>();
  await using server = await serve({
    port: 0,
    limits: { peers: 1 },
    onClose: () => closed.resolve(),
  });
  const { port } = server.addr;
  using first = await RawPeer.connect(port);
  await first.json();
  const refused = await assertRejects(
    () => RawPeer.connect(port),
    RefusedError,
  );
  assertEquals(refused.status, 503);
  first.drop();
  await closed.promise;
  using second = await RawPeer.connect(port);
  assertEquals((await second.json()).type, "start");
});

Deno.test("a handler works without the address of the other side", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  await using hub = createHub({ onOpen: ({ info }) => resolve(info.address) });
  const handler = createHandler(hub);
  const listening = Deno.serve({
    port: 0,
    hostname: "127.0.0.1",
    onListen() {},
  }, (request) => handler(request));
  using peer = await RawPeer.connect(listening.addr.port);
  assertEquals(await promise, "");
  peer.drop();
  await listening.shutdown();
});

/** Requests that `fetch` does not send, and the statuses that they may have. */
const UNUSUAL:
  readonly (readonly [description: string, request: string, status: RegExp])[] =
    [
      [
        "without a host",
        "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n",
        /^HTTP\/1.1 (200|400)/,
      ],
      [
        "with an invalid host",
        "GET /healthz HTTP/1.1\r\nHost: %%% \r\nConnection: close\r\n\r\n",
        /^HTTP\/1.1 (200|400)/,
      ],
      [
        "with a whole URL for a path",
        "GET http://other.test/healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        /^HTTP\/1.1 200/,
      ],
      [
        "with a star for a path",
        "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        /^HTTP\/1.1 (400|404|405)/,
      ],
      ["that is not HTTP", "hello\r\n\r\n", /^HTTP\/1.1 400/],
    ];

for (const [description, request, status] of UNUSUAL) {
  test(`answers a request ${description} without an internal error`, async ({ serve }) => {
    const errors: unknown[] = [];
    await using server = await serve({
      port: 0,
      onError: (error) => errors.push(error),
    });
    assertMatch(await rawHttp(server.addr.port, request), status);
    assertEquals(errors, []);
    await assertServes(server);
  });
}

async function assertServes({ addr: { port } }: Server): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/healthz`);
  assertEquals(await response.text(), "ok\n");
}
