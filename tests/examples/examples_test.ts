import { assert, assertEquals } from "@std/assert";
import { connect, defineMessages } from "../../mod.ts";
import { openPeer } from "./plain_peer.ts";
import { start } from "./program.ts";

const root = new URL("../../", import.meta.url);

async function examples(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(new URL("examples/", root))) {
    names.push(name);
  }
  return names.sort();
}

Deno.test("examples/hello.ts delivers an earlier message to a late joiner, and ends", async () => {
  await using program = start("examples/hello.ts");
  await program.line(/^stored at offset 0$/);
  await program.line(/^ada: .*hello/);
  assertEquals(await program.ended, 0);
});

Deno.test("examples/chat.ts accepts messages of its contract from typed and plain clients, and ends at SIGTERM", async () => {
  await using program = start("examples/chat.ts", { args: ["0"] });
  const [, port] = await program.line(/^http:\/\/localhost:(\d+)$/);
  const url = `ws://127.0.0.1:${port}/ws`;
  {
    await using plain = await openPeer(url);
    assertEquals(JSON.parse(await plain.next()).type, "start");
    const contract = defineMessages({
      chat: (fields): fields is { text: string } =>
        typeof (fields as { text?: unknown }).text === "string",
    });
    await using client = connect(url, { contract });
    await client.topic("lobby").publish({ type: "chat", text: "typed" });
    assertEquals(await plain.next(), '{"type":"chat","text":"typed"}');
    await program.line(/typed/);
    plain.send('{"type":"chat","text":""}');
    const refusal = JSON.parse(await plain.next());
    assertEquals([refusal.type, refusal.code], ["error", "invalid"]);
  }
  assertEquals(await program.end(), 0);
});

Deno.test("examples/http_broadcast.ts publishes each POST to all peers", async () => {
  await using program = start("examples/http_broadcast.ts", { args: ["0"] });
  const [, port] = await program.line(/^http:\/\/localhost:(\d+)$/);
  await using plain = await openPeer(`ws://127.0.0.1:${port}/ws`);
  assertEquals(JSON.parse(await plain.next()).type, "start");
  const url = `http://127.0.0.1:${port}/broadcast`;
  const body = '{"type":"news","text":"it works"}';
  const posted = await fetch(url, { method: "POST", body });
  assertEquals(posted.status, 201);
  assertEquals(await posted.json(), { offset: 0 });
  assertEquals(await plain.next(), body);
  for (const wrong of ["not JSON", "[]", '{"type":"pong"}']) {
    const refused = await fetch(url, { method: "POST", body: wrong });
    assertEquals(refused.status, 400, wrong);
    assert((await refused.text()).startsWith("Cannot publish to 'lobby'"));
  }
  const got = await fetch(url);
  assertEquals([got.status, await got.text()], [405, "Only POST\n"]);
});

Deno.test("examples/workers.ts serves one port from two workers that share their logs", async () => {
  const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = free.addr as Deno.NetAddr;
  free.close();
  await using program = start("examples/workers.ts", {
    flags: ["--unstable-net", "--allow-net", "--allow-read"],
    args: [`${port}`],
  });
  const listens = /^(ada|grace) listens on/;
  const [, one] = await program.line(listens);
  const [, other] = await program.line(listens);
  assert(one !== other);
  const offsets: number[] = [];
  for (let n = 0; n < 8; n++) {
    await using client = connect(`ws://127.0.0.1:${port}/ws`);
    offsets.push(
      await client.topic("lobby").publish({ type: "chat", text: `${n}` }),
    );
  }
  assertEquals(offsets, [0, 1, 2, 3, 4, 5, 6, 7]);
});

Deno.test("every example is run by a test and fits on a page", async () => {
  const tests = await Deno.readTextFile(new URL(import.meta.url));
  for (const name of await examples()) {
    assert(tests.includes(`start("examples/${name}"`), name);
    const text = await Deno.readTextFile(new URL(`examples/${name}`, root));
    assert(text.split("\n").length <= 41, `${name} has more than 40 lines`);
  }
});
