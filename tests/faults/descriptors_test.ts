import { assert, assertEquals, assertMatch } from "@std/assert";
import { SpawnedServer, START } from "../server/spawned.ts";
import { WirePeer } from "../server/wire_peer.ts";

/** Enough for the start of the runtime and a few connections. */
const DESCRIPTORS = 64;

Deno.test("a server without free descriptors serves its peers, and accepts new ones when descriptors are free again", async () => {
  await using server = await SpawnedServer.start(
    [...START, "--port", "0"],
    {},
    { descriptors: DESCRIPTORS },
  );
  const { port } = server;
  const peer = await WirePeer.v1(port, { topics: { room: {} } });
  await peer.next();
  const held: Deno.TcpConn[] = [];
  const failed = server.untilStderr(/listen: /);
  // Refused while the server does not listen. After its pause it accepts connections until the next failure.
  for (let n = 0; n < DESCRIPTORS; n++) {
    await Deno.connect({ hostname: "127.0.0.1", port }).then(
      (conn) => held.push(conn),
      () => {},
    );
  }
  await failed;
  const message = { type: "chat", text: "still here" };
  peer.send({ type: "publish", id: 1, topic: "room", message });
  const frames = await peer.until(({ type }) => type === "batch");
  assertEquals(frames.at(-1).messages[0].message, message);
  for (const conn of held) conn.close();
  // Refused until the pause is over, as a client would be that retries after its backoff.
  let answer = "";
  while (answer === "") {
    answer = await fetch(`http://127.0.0.1:${port}/healthz`).then(
      (response) => response.text(),
      () => new Promise((resolve) => setTimeout(() => resolve(""), 50)),
    );
  }
  assertEquals(answer, "ok\n");
  await peer[Symbol.asyncDispose]();
  server.signal("SIGTERM");
  const { code, stderr } = await server.ended;
  assertEquals(code, 0);
  assertMatch(stderr, /listen: .*Too many open files/);
  assert(!stderr.includes("Uncaught"), stderr);
});
