import { assert, assertEquals } from "@std/assert";
import { DEFAULTS } from "../../client/options.ts";
import {
  DEFAULT_HEARTBEAT,
  DEFAULT_LIMITS,
  DEFAULT_SESSION_MS,
} from "../../hub/limits.ts";
import { DEFAULT_RETENTION } from "../../hub/log/retention.ts";
import { serve } from "../../mod.ts";
import { DEFAULT_HANDSHAKE_MS } from "../../server/strict/strict.ts";
import { openPeer } from "./plain_peer.ts";
import { fences, table } from "./transcripts.ts";

const root = new URL("../../", import.meta.url);
const readme = await Deno.readTextFile(new URL("README.md", root));
const tasks = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)))
  .tasks;

/** Returns the options of a table of the README with their defaults as numbers. */
function defaults(markdown: string): Record<string, number> {
  return Object.fromEntries(
    table(markdown, "option").map(([option = "", value = ""]) => [
      option.replaceAll("`", ""),
      Number(value.replaceAll(",", "")),
    ]),
  );
}

/** Returns the values with a prefix before every name. */
function named(prefix: string, values: object): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value]),
  );
}

const [, hubTable = "", clientTable = ""] = readme.split(/(?=\| option +\|)/);

Deno.test("the README names every bound of the hub with its default", () => {
  assertEquals(defaults(hubTable), {
    ...named("limits", DEFAULT_LIMITS),
    ...named('topics["…"]', DEFAULT_RETENTION),
    ...named("heartbeat", DEFAULT_HEARTBEAT),
    sessionMs: DEFAULT_SESSION_MS,
    handshakeMs: DEFAULT_HANDSHAKE_MS,
  });
});

Deno.test("the README names every bound of the client with its default", () => {
  assertEquals(defaults(clientTable), {
    ...named("backoff", DEFAULTS.backoff),
    ...named("outbox", DEFAULTS.outbox),
    connectTimeoutMs: DEFAULTS.connectTimeoutMs,
  });
});

Deno.test("the permissions in the README are those of the start task", () => {
  const listed = table(readme, "permission").map(([flag = ""]) =>
    flag.replaceAll("`", "")
  );
  const used = (tasks.start.command as string).match(/--allow-\S+/g);
  assertEquals(listed.toSorted(), used?.toSorted());
});

Deno.test("the server in the README has at most ten lines, the client at most six", () => {
  const [server = "", client = ""] = fences(readme, "ts");
  const lines = (text: string) =>
    text.split("\n").filter((line) => line !== "");
  assert(lines(server).length <= 10, server);
  assert(lines(client).length <= 6, client);
});

Deno.test("the five plain lines of the README exchange a message with a server", async () => {
  await using server = serve({ port: 0, page: false });
  const url = `ws://127.0.0.1:${server.addr.port}/ws`;
  await using peer = await openPeer(url);
  assertEquals(JSON.parse(await peer.next()).type, "start");
  const [lines = ""] = fences(readme, "js ignore");
  assertEquals(lines.trimEnd().split("\n").length, 5);
  const heard: string[] = [];
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const print = (data: string) => {
    // `start`, then its own message.
    if (heard.push(data) === 2) resolve();
  };
  const socket: WebSocket = new Function(
    "console",
    `${lines.replace("ws://localhost:8000/ws", url)}; return socket;`,
  )({ log: print });
  assertEquals(await peer.next(), '{"type":"chat","text":"hello"}');
  await done;
  assertEquals(heard[1], '{"type":"chat","text":"hello"}');
  await new Promise((closed) => {
    socket.onclose = closed;
    socket.close();
  });
});

Deno.test("the server serves the browser module of the README as JavaScript", async () => {
  await using server = serve({ port: 0 });
  const [page = ""] = fences(readme, "html");
  const [, path = ""] = /from "([^"]+)"/.exec(page) ?? [];
  const response = await fetch(`http://127.0.0.1:${server.addr.port}${path}`);
  assertEquals(
    [response.status, response.headers.get("content-type")],
    [200, "text/javascript; charset=utf-8"],
  );
  assert((await response.text()).includes("connect"));
});
