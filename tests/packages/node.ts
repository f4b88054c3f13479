/**
 * Bundles the client and runs it in Node 20 (with npm's `ws`), in Node 22 and 24 with and without `ws`, and in Bun:
 * `deno task test:node`. The runtimes come from npm. Not a part of `deno task test`, because they are large downloads.
 *
 * @module
 */
import { serve } from "../../mod.ts";

const root = new URL("../../", import.meta.url).pathname;
const folder = await Deno.makeTempDir({ prefix: "drumbeat-node-" });

async function run(
  command: string,
  args: string[],
  cwd: string,
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args,
    cwd,
    signal: AbortSignal.timeout(120_000),
  }).output();
  const text = new TextDecoder();
  if (!success) {
    throw new Error(
      `${command} ${args.join(" ")} failed\n${text.decode(stdout)}${
        text.decode(stderr)
      }`,
    );
  }
  return text.decode(stdout);
}

const bundle = `${folder}/client.mjs`;
const program = `${folder}/program.mjs`;
await run(
  Deno.execPath(),
  ["bundle", "--platform=browser", "-o", bundle, "client.ts"],
  root,
);
await Deno.copyFile(`${root}tests/packages/program.mjs`, program);
await Deno.writeTextFile(`${folder}/package.json`, "{}");
await run("npm", ["install", "--silent", "ws@8"], folder);

const server = serve({ port: 0, hostname: "127.0.0.1", page: false });
const url = `ws://127.0.0.1:${server.addr.port}/ws`;
const cases: [name: string, npx: string[], args: string[]][] = [
  ["Node 20 with ws", ["node@20"], ["ws"]],
  ["Node 22", ["node@22"], []],
  ["Node 22 with ws", ["node@22"], ["ws"]],
  ["Node 24", ["node@24"], []],
  ["Node 24 with ws", ["node@24"], ["ws"]],
  ["Bun", ["bun@1"], []],
];
let failures = 0;
for (const [name, runtime, args] of cases) {
  try {
    await run("npx", ["-y", ...runtime, program, bundle, url, ...args], folder);
    console.log(`${name}: passed`);
  } catch (error) {
    failures++;
    console.log(`${name}: failed\n${error}`);
  }
}
await server[Symbol.asyncDispose]();
await Deno.remove(folder, { recursive: true });
Deno.exit(failures === 0 ? 0 : 1);
