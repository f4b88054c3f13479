/**
 * A chat server with its own contract. It serves Drumbeat's page as the client.
 *
 *     deno run --allow-net examples/chat.ts [port]
 *
 * @module
 */
import { defineMessages, serve } from "../mod.ts";

interface Chat {
  readonly text: string;
  readonly name?: string;
}

function isChat(fields: unknown): fields is Chat {
  const { text, name } = fields as { text?: unknown; name?: unknown };
  return typeof text === "string" && text.length > 0 && text.length <= 500 &&
    (name === undefined || typeof name === "string");
}

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => stop.abort());
}

await using server = serve({
  port: Number(Deno.args[0] ?? 8000),
  contract: defineMessages({ chat: isChat }),
  signal: stop.signal,
  topics: { lobby: { maxRecords: 200, maxAgeMs: 3_600_000 } },
  onOpen: (peer) =>
    console.log(`${peer.id} connected from ${peer.info.address}`),
  onClose: (peer, { code }) => console.log(`${peer.id} closed with ${code}`),
});
server.hub.on("chat", ({ name, text }, { peer }) => {
  console.log(`${name ?? peer?.id ?? "the hub"}: ${text}`);
});
console.log(`http://localhost:${server.addr.port}`);
await server.finished;
