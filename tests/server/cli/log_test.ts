import { assert, assertEquals, assertMatch } from "@std/assert";
import { RawPeer, RefusedError } from "../../raw_peer.ts";
import { root, SpawnedServer, START } from "../spawned.ts";
import { WirePeer } from "../wire_peer.ts";

/** Returns the arguments of a server with a log, whose module is loaded from the repository. */
const withLog = (...more: string[]) => [
  ...START.toSpliced(-1, 0, "--allow-read=."),
  ...more,
];

/** Sends a handshake and returns the status of the refusal; 101 where it is accepted. */
async function refusal(
  port: number,
  headers: Record<string, string>,
  path = "/ws",
): Promise<number> {
  try {
    (await RawPeer.connect(port, { headers, path })).drop();
    return 101;
  } catch (error) {
    if (error instanceof RefusedError) return error.status;
    throw error;
  }
}

Deno.test("--log json writes connections, refusals and the drain, one object per line, and hostile handshakes forge no line", async () => {
  await using server = await SpawnedServer.start(
    withLog("--port", "0", "--log", "json"),
  );
  const { port } = server;
  const peer = await WirePeer.v1(port, { token: "s3cret-token" });
  const { session } = await peer.next();
  peer.send({
    type: "publish",
    id: 1,
    topic: "lobby",
    message: { type: "chat", text: "s3cret-text" },
  });
  await peer.until(({ type }) => type === "ack");
  // HTTP allows every character of it; it does not allow a line break.
  const hostile = 'x"}\t\u0085\u2028{"event":"forged"}';
  const utf8 = String.fromCharCode(...new TextEncoder().encode(hostile));
  const headers = { origin: utf8, "user-agent": utf8 };
  const path = '/ws?token=s3cret-query%0a{"event":"forged"}';
  assertEquals(await refusal(port, headers, path), 403);
  for (let n = 0; n < 500; n++) {
    assertEquals(await refusal(port, { origin: "https://e.example" }), 403);
  }
  peer.socket.close(3000, 'bye\n{"event":"forged"}\u2028');
  await peer.closed;
  await server.untilStdout(/"event":"closed"/);
  server.signal("SIGTERM");
  const { code, stdout, stderr } = await server.ended;
  assertEquals([code, stderr], [0, ""]);
  const lines = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  const events = lines.map(({ event }) => event);
  const logged = events.filter((event) => event === "refused").length;
  const counted = lines.reduce((sum, { more = 0 }) => sum + more, 0);
  assertEquals(logged + counted, 501);
  // Ten lines in ten seconds; more on a slow machine.
  assert(logged >= 10 && logged <= 50, `${logged} lines`);
  assertEquals(events.filter((event) => !/refused/.test(event)), [
    "listening",
    "opened",
    "closed",
    "draining",
    "ended",
  ]);
  const refused = lines.find(({ event }) => event === "refused")!;
  assertEquals([refused.status, refused.path], [403, "/ws"]);
  const closed = lines.find(({ event }) => event === "closed")!;
  assertEquals(closed.code, 3000);
  for (const secret of ["s3cret", session.split(".")[1]]) {
    assertEquals(stdout.includes(secret), false, secret);
  }
});

Deno.test("--log text writes one readable line per event", async () => {
  await using server = await SpawnedServer.start(
    withLog("--port", "0", "--log", "text"),
  );
  await refusal(server.port, { origin: "null" });
  server.signal("SIGTERM");
  const { code, stdout } = await server.ended;
  assertEquals(code, 0);
  assertMatch(
    stdout,
    /^\S+ INFO listening urls=\S+\n\S+ WARNING refused .*origin="null".*status=403\n/,
  );
});

/** Returns a free port. */
function freePort(): number {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  return listener.addr.port;
}

for (const more of [["--log", "json"], []]) {
  Deno.test(`a full disk behind the output does not end a server under load: ${more.join(" ") || "without a log"}`, async () => {
    const port = freePort();
    const process = new Deno.Command("/bin/sh", {
      args: [
        "-c",
        'exec "$0" "$@" >/dev/full 2>&1',
        Deno.execPath(),
        ...withLog("--port", `${port}`, "--limits", "none", ...more),
      ],
      cwd: root,
      env: { NO_COLOR: "1" },
    }).spawn();
    try {
      const url = `http://127.0.0.1:${port}/healthz`;
      let ended = false;
      void process.status.then(() => ended = true);
      // The server cannot print that it listens.
      for (;;) {
        assertEquals(ended, false, "The server has ended");
        const answer = await fetch(url).catch(() => undefined);
        await answer?.body?.cancel();
        if (answer !== undefined) break;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const load = Array.from({ length: 20 }, async () => {
        await using peer = await WirePeer.v1(port, { topics: {} });
        await peer.next();
        for (let id = 1; id <= 50; id++) {
          const message = { type: "chat", text: "x".repeat(1_000) };
          peer.send({ type: "publish", id, topic: "lobby", message });
        }
        await peer.until(({ type, id }) => type === "ack" && id === 50);
        assertEquals(await refusal(port, { origin: "null" }), 403);
      });
      await Promise.all(load);
      const { status, body } = await fetch(url);
      await body?.cancel();
      assertEquals(status, 200);
      process.kill("SIGTERM");
      assertEquals((await process.status).code, 0);
    } finally {
      try {
        process.kill("SIGKILL");
      } catch {
        // The process has ended.
      }
      assert((await process.status).code >= 0);
    }
  });
}

Deno.test("an output that is not read, as of a paused terminal, does not stop the server", async () => {
  const port = freePort();
  const process = new Deno.Command(Deno.execPath(), {
    args: withLog("--port", `${port}`, "--log", "json"),
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  // The server prints its first line before the output is no longer read.
  const reader = process.stdout.getReader();
  await reader.read();
  // Six times what a pipe holds.
  const origin = `https://e.example/${"x".repeat(40_000)}`;
  for (let n = 0; n < 10; n++) {
    assertEquals(await refusal(port, { origin }), 403);
  }
  await using peer = await WirePeer.v1(port);
  await peer.next();
  process.kill("SIGTERM");
  assertEquals((await peer.next()).type, "goaway");
  assertEquals((await peer.closed).code, 1012);
  assertEquals((await process.status).code, 0);
  await reader.cancel();
});
