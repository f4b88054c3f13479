import { assert, assertEquals, assertMatch } from "@std/assert";
import { StopSignals } from "../../../server/cli/stop_signals.ts";
import { programTest } from "../../deploy/programs.ts";
import { root } from "../spawned.ts";
import { WirePeer } from "../wire_peer.ts";

/** The README's command, in a shell's words, with a free port. */
const TASK = `${Deno.execPath()} task start --port 0 --drain-deadline 999999s`;

Deno.test("the first signal drains, its copies within 300 ms are ignored, a later one ends the process", () => {
  const calls: string[] = [];
  let now = 1000;
  const signals = new StopSignals(
    { drain: () => calls.push("drain"), end: () => calls.push("end") },
    () => now,
  );
  signals.receive();
  signals.receive();
  now += 300;
  signals.receive();
  assertEquals(calls, ["drain"]);
  now += 1;
  signals.receive();
  assertEquals(calls, ["drain", "end"]);
});

await programTest(
  "script",
  "Ctrl-C in a terminal drains `deno task start`: goaway and 1012",
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
    // `deno task` sends its copy of the signal at any time: on a busy machine it may count as a second Ctrl-C.
    assert(code === 0 || code === 130, `exit code ${code}`);
    await keyboard.close().catch(() => {});
  },
);

await programTest(
  "setsid",
  "SIGTERM to the process group of `deno task start` drains it: goaway and 1012",
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
