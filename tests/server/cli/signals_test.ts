import { assertEquals, assertMatch } from "@std/assert";
import { programTest } from "../../deploy/programs.ts";
import { root, SpawnedServer, START } from "../spawned.ts";
import { WirePeer } from "../wire_peer.ts";

/** The README's command, in a shell's words, with a free port. */
const TASK = `${Deno.execPath()} task start --port 0 --drain-deadline 999999s`;

Deno.test("a signal that arrives twice at once drains: deno task passes on what its group received", async () => {
  await using server = await SpawnedServer.start([
    ...START,
    "--port",
    "0",
    "--drain-deadline",
    "999999s",
  ]);
  const peer = await WirePeer.v1(server.port);
  await peer.next();
  server.signal("SIGINT");
  server.signal("SIGINT");
  server.signal("SIGTERM");
  assertEquals((await peer.next()).type, "goaway");
  // The drain has begun: this one is the second of the pair.
  server.signal("SIGINT");
  assertEquals((await peer.closed).code, 1012);
  assertEquals((await server.ended).code, 0);
});

await programTest(
  "script",
  "Ctrl-C in a terminal drains `deno task start`: goaway, 1012, exit 0",
  async () => {
    const terminal = new Deno.Command("script", {
      args: ["-qec", TASK, "/dev/null"],
      cwd: root,
      env: { NO_COLOR: "1", TERM: "dumb" },
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const output = terminal.stdout.pipeThrough(new TextDecoderStream());
    const { port, rest } = await portOf(output);
    const peer = await WirePeer.v1(port);
    await peer.next();
    const keyboard = terminal.stdin.getWriter();
    await keyboard.write(Uint8Array.of(3));
    assertEquals((await peer.next()).type, "goaway");
    assertEquals((await peer.closed).code, 1012);
    await rest;
    const { code } = await terminal.status;
    assertEquals(code, 0);
    await keyboard.close().catch(() => {});
  },
);

await programTest(
  "setsid",
  "SIGTERM to the process group of `deno task start` drains it: goaway, 1012, exit 0",
  async () => {
    const group = new Deno.Command("setsid", {
      args: ["-w", "sh", "-c", `echo "group $$"; exec ${TASK}`],
      cwd: root,
      env: { NO_COLOR: "1" },
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const output = group.stdout.pipeThrough(new TextDecoderStream());
    const { port, printed, rest } = await portOf(output);
    const id = /^group (\d+)$/m.exec(printed)?.[1];
    assertMatch(id ?? "", /^\d+$/);
    const peer = await WirePeer.v1(port);
    await peer.next();
    const { code } = await new Deno.Command("kill", {
      args: ["-TERM", "--", `-${id}`],
    }).output();
    assertEquals(code, 0);
    assertEquals((await peer.next()).type, "goaway");
    assertEquals((await peer.closed).code, 1012);
    await rest;
    await group.status;
  },
);

/** Reads an output up to the URL that the server prints, and continues to read it. */
async function portOf(
  output: ReadableStream<string>,
): Promise<{ port: number; printed: string; rest: Promise<void> }> {
  const reader = output.getReader();
  let printed = "";
  for (;;) {
    const [, port] = /http:\/\/localhost:(\d+)\s/.exec(printed) ?? [];
    if (port !== undefined) {
      const rest = (async () => {
        while (!(await reader.read()).done);
      })();
      return { port: Number(port), printed, rest };
    }
    const { value, done } = await reader.read();
    if (done) throw new Error(`The server has ended: ${printed}`);
    printed += value;
  }
}
