import { assert, assertEquals } from "@std/assert";
import { connect } from "../../mod.ts";
import { root, SpawnedServer } from "../server/spawned.ts";
import { programTest } from "./programs.ts";

const docs = new URL("docs/deploy/", root);
const unit = await Deno.readTextFile(new URL("drumbeat.service", docs));
const dockerfile = await Deno.readTextFile(new URL("Dockerfile", docs));

/** Returns the value of a line, such as that of `ExecStart=`. */
function value(text: string, start: string): string {
  const line = text.split("\n").find((line) => line.startsWith(start));
  assert(line !== undefined, `There is no line '${start}…'`);
  return line.slice(start.length);
}

/**
 * Starts the server twice with the arguments of a recipe, and only the permissions that they grant.
 *
 * @param args the arguments of `deno`, with the folder of the store replaced.
 * @param cwd the folder to run in.
 */
async function runTwice(
  args: readonly string[],
  cwd: string | URL = root,
): Promise<void> {
  const text = args.join(" ");
  assert(!/--allow-(all|run|ffi)\b|\s-A\s/.test(text), text);
  for (const offset of [0, 1]) {
    await using server = await SpawnedServer.start(args, {}, { cwd });
    const url = `ws://127.0.0.1:${server.port}/ws`;
    await using client = connect(url);
    const topic = client.topic("lobby");
    assertEquals(await topic.publish({ type: "chat", text: "kept" }), offset);
    await client[Symbol.asyncDispose]();
    server.signal("SIGTERM");
    const { code, stderr } = await server.ended;
    assertEquals([code, stderr], [0, ""]);
  }
}

Deno.test("the command of drumbeat.service runs with its own permissions, keeps its log, and ends with 0", async () => {
  const folder = await Deno.makeTempDir();
  const command = value(unit, "ExecStart=")
    .replaceAll("/var/lib/drumbeat", folder)
    .replace("--port 8000", "--port 0");
  const [deno, ...args] = command.split(" ");
  assertEquals(deno, "/usr/local/bin/deno");
  await runTwice(args);
  await Deno.remove(folder, { recursive: true });
});

await programTest(
  "systemd-analyze",
  "systemd accepts drumbeat.service",
  async () => {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/drumbeat.service`;
    await Deno.writeTextFile(
      path,
      unit.replaceAll("/usr/local/bin/deno", Deno.execPath()),
    );
    const { code, stderr } = await new Deno.Command("systemd-analyze", {
      args: ["verify", path],
    }).output();
    // Messages about other units do not concern this one.
    const messages = new TextDecoder().decode(stderr).split("\n")
      .filter((line) => line.includes("drumbeat"));
    assertEquals([code, messages], [0, []]);
    await Deno.remove(folder, { recursive: true });
  },
);

Deno.test("the files that the Dockerfile copies are enough for its command and its permissions", async () => {
  const folder = await Deno.makeTempDir();
  for (const line of dockerfile.split("\n")) {
    if (!line.startsWith("COPY ")) continue;
    const sources = line.split(" ").slice(1, -1);
    await copy(sources, folder);
  }
  await Deno.mkdir(`${folder}/data`);
  const [deno, ...args]: string[] = JSON.parse(
    value(dockerfile, "ENTRYPOINT ").replaceAll("/data", `${folder}/data`)
      .replace("0.0.0.0", "127.0.0.1"),
  );
  assertEquals(deno, "deno");
  await runTwice([...args, "--port", "0"], folder);
  await Deno.remove(folder, { recursive: true });
});

async function copy(names: readonly string[], to: string): Promise<void> {
  const { success } = await new Deno.Command("cp", {
    args: ["-r", ...names, to],
    cwd: root,
  }).output();
  assert(success, `Cannot copy ${names.join(", ")}`);
}
