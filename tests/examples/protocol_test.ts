import { assert, assertEquals } from "@std/assert";
import type { TopicOptionsByName } from "../../hub.ts";
import {
  CloseCode,
  decodeClientFrame,
  decodeServerFrame,
  parseObject,
  PROTOCOL,
  RESERVED_TYPES,
  shouldReconnect,
} from "../../messages.ts";
import { test } from "../server/transports.ts";
import { openPeer } from "./plain_peer.ts";
import { table, type Transcript, transcripts } from "./transcripts.ts";

const docs = new URL("../../docs/", import.meta.url);
const protocol = await Deno.readTextFile(new URL("protocol.md", docs));

/** Keys with random values. The first pair of a real and a written value defines the translation of the later ones. */
const IDS = new Set(["peer", "session", "epoch", "from"]);
const TIMES = new Set(["time", "at", "expiresMs"]);

/** Returns the real frame with the document's ids and times. */
function asWritten(
  real: unknown,
  written: unknown,
  ids: Map<string, string>,
): unknown {
  if (Array.isArray(real)) {
    return real.map((item, n) =>
      asWritten(item, Array.isArray(written) ? written[n] : undefined, ids)
    );
  }
  if (typeof real !== "object" || real === null) return real;
  const other = (written ?? {}) as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(real).map(([key, value]) => {
      const place = other[key];
      if (IDS.has(key) && typeof value === "string") {
        if (!ids.has(value) && typeof place === "string") ids.set(value, place);
        return [key, ids.get(value) ?? value];
      }
      const varies = TIMES.has(key) && typeof value === "number";
      return [key, varies ? place : asWritten(value, place, ids)];
    }),
  );
}

/** Removes `at` of later records: it is absent when two records have the same millisecond, which varies. */
function timeless(frame: { messages?: { at?: number }[] }): object {
  for (const record of frame.messages?.slice(1) ?? []) delete record.at;
  return frame;
}

async function replay(
  transcript: Transcript,
  url: string,
  ids: Map<string, string>,
): Promise<void> {
  await using connection = await openPeer(
    url,
    transcript.dialect === "plain" ? [] : [PROTOCOL],
  );
  for (const { from, data } of transcript.lines) {
    if (from === "server") {
      const written = timeless(JSON.parse(data));
      const next = timeless(JSON.parse(await connection.next()));
      const real = asWritten(next, written, ids);
      // Compared as text, because the order of the keys is part of the protocol.
      assertEquals(JSON.stringify(real), JSON.stringify(written));
    } else {
      let sent = data;
      for (const [real, written] of ids) {
        sent = sent.replaceAll(JSON.stringify(written), JSON.stringify(real));
      }
      connection.send(sent);
    }
  }
}

test("a real server sends the transcripts of protocol.md", async ({ serve }) => {
  const topics: TopicOptionsByName = {
    "ring:*": { maxRecords: 2 },
    "price:*": {
      lag: "latest",
      key: (message) => String((message as { symbol?: unknown }).symbol),
    },
  };
  const tokens = new Map([["ada.1", ["room:*"]], ["ada.2", ["lobby"]]]);
  await using server = await serve({
    port: 0,
    page: false,
    topics,
    authorize({ token }) {
      if (token === undefined) return {};
      const subscribe = tokens.get(token);
      if (subscribe === undefined) return "unauthenticated";
      const allow = { subscribe, publish: ["lobby"] };
      return { user: "ada", expiresAt: Date.now() + 3_600_000, allow };
    },
  });
  const isPair = (data: unknown): data is [number, number] =>
    Array.isArray(data) && data.length === 2 &&
    data.every((item) => typeof item === "number");
  server.hub.handle("add", ([a, b]) => a + b, { data: isPair });
  const url = `ws://127.0.0.1:${server.addr.port}/ws`;
  const ids = new Map<string, string>();
  const found = transcripts(protocol);
  assert(found.length > 3);
  for (const transcript of found) await replay(transcript, url, ids);
});

Deno.test("every frame in the transcripts of protocol.md decodes", () => {
  for (const { dialect, lines } of transcripts(protocol)) {
    for (const { from, data } of lines) {
      if (dialect === "plain") {
        assertEquals(parseObject(data).ok, data !== "not JSON", data);
        continue;
      }
      const decode = from === "client" ? decodeClientFrame : decodeServerFrame;
      const decoded = decode(data);
      assert(decoded.ok, `${data}: ${decoded.ok ? "" : decoded.message}`);
    }
  }
});

Deno.test("every frame that protocol.md names in a sentence decodes", () => {
  const frames = [...protocol.matchAll(/`(\{"type":[^`]*)`/g)];
  assert(frames.length > 3);
  for (const [, data = ""] of frames) {
    assert(decodeClientFrame(data).ok || decodeServerFrame(data).ok, data);
  }
});

/** The codes of a union type in messages/, in order. */
async function codesOf(file: string, name: string): Promise<string[]> {
  const text = await Deno.readTextFile(new URL(`../messages/${file}`, docs));
  const code = text.replaceAll(/\/\*\*.*\*\//g, "");
  const [, union = ""] =
    new RegExp(`export type ${name} =([^;]*);`).exec(code) ?? [];
  return [...union.matchAll(/\| "(\w+)"/g)].map(([, code]) => `\`${code}\``);
}

Deno.test("the error codes of protocol.md are those of the wire and of the client", async () => {
  for (
    const [header, file, name] of [
      ["code", "wire.ts", "ErrorCode"],
      ["client code", "error.ts", "DrumbeatErrorCode"],
    ] as const
  ) {
    const codes = await codesOf(file, name);
    assert(codes.length > 3);
    assertEquals(table(protocol, header).map(([code]) => code), codes);
  }
});

Deno.test("the close codes of protocol.md and the reconnects after them are those of the code", () => {
  const [, closing = ""] = protocol.split("## Close codes");
  const rows = table(closing, "code").map(([code, , client = ""]) => ({
    code: Number(code),
    comesBack: client.startsWith("reconnects"),
  }));
  const codes = rows.map(({ code }) => code);
  for (const code of Object.values(CloseCode)) assert(codes.includes(code));
  for (const { code, comesBack } of rows) {
    assertEquals(shouldReconnect(code), comesBack, `${code}`);
  }
  assertEquals(codes, codes.toSorted((a, b) => a - b));
});

Deno.test("protocol.md lists the reserved message types", () => {
  const [, list = ""] = /one\s+of\s+the\s+reserved\s+words:\s([^.]*)\./
    .exec(protocol) ?? [];
  assertEquals(
    [...list.matchAll(/`(\w+)`/g)].map(([, word]) => word),
    [...RESERVED_TYPES],
  );
});

Deno.test("every link between the documents has a target", async () => {
  const root = new URL("../", docs);
  const pages = [new URL("README.md", root), new URL("CHANGELOG.md", root)];
  for (const folder of [docs, new URL("decisions/", docs)]) {
    for await (const { name } of Deno.readDir(folder)) {
      if (name.endsWith(".md")) pages.push(new URL(name, folder));
    }
  }
  for (const page of pages) {
    const text = await Deno.readTextFile(page);
    for (const [, target = ""] of text.matchAll(/\]\(([^)]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path = "", anchor] = target.split("#");
      const to = path === "" ? page : new URL(path, page);
      const found = await Deno.stat(to).then(() => true, () => false);
      assert(found, `${page.pathname}: ${target}`);
      if (anchor === undefined) continue;
      const headings = [
        ...(await Deno.readTextFile(to)).matchAll(/^#+ (.+)$/gm),
      ]
        .map(([, title = ""]) =>
          title.toLowerCase().replace(/[^\w\s-]/g, "").replaceAll(" ", "-")
        );
      assert(headings.includes(anchor), `${page.pathname}: ${target}`);
    }
  }
});
