import { assert, assertEquals, assertFalse, assertMatch } from "@std/assert";
import { createHandler, createHub, serve } from "../../../server.ts";
import * as files from "../../../server/page/files.ts";
import { rawHttp } from "../../raw_peer.ts";

const FILES: ReadonlyMap<string, string> = new Map(Object.entries(files));

async function get(
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = "GET",
): Promise<Response> {
  await using hub = createHub();
  return await createHandler(hub)(
    new Request(`http://hub.test${path}`, { method, headers }),
  );
}

async function unzipped(response: Response): Promise<string> {
  const stream = response.body!.pipeThrough(new DecompressionStream("gzip"));
  return await new Response(stream).text();
}

const TYPES: Readonly<Record<string, string>> = {
  "/": "text/html; charset=utf-8",
  "/static/index.html": "text/html; charset=utf-8",
  "/static/styles/base.css": "text/css; charset=utf-8",
  "/static/icon.svg": "image/svg+xml",
  "/static/app.ts": "text/javascript; charset=utf-8",
  "/messages.ts": "text/javascript; charset=utf-8",
  "/client.ts": "text/javascript; charset=utf-8",
  "/messages/codec.ts": "text/javascript; charset=utf-8",
};

for (const [path, type] of Object.entries(TYPES)) {
  Deno.test(`serves ${path} as ${type}, with nosniff`, async () => {
    const response = await get(path);
    assertEquals(response.status, 200);
    assertEquals(response.headers.get("content-type"), type);
    assertEquals(response.headers.get("x-content-type-options"), "nosniff");
    const bytes = await response.bytes();
    assertEquals(response.headers.get("content-length"), String(bytes.length));
  });
}

Deno.test("the page forbids scripts, requests and frames of other origins", async () => {
  const response = await get("/");
  const policy = response.headers.get("content-security-policy") ?? "";
  const directives = new Map(
    policy.split("; ").map((directive) => {
      const [name, ...values] = directive.split(" ");
      return [name, values.join(" ")];
    }),
  );
  assertEquals(directives.get("default-src"), "'none'");
  assertEquals(directives.get("script-src"), "'self'");
  assertEquals(directives.get("style-src"), "'self'");
  assertEquals(directives.get("frame-ancestors"), "'none'");
  assertEquals(directives.get("base-uri"), "'none'");
  assertFalse(policy.includes("unsafe"));
  assertEquals(response.headers.get("referrer-policy"), "no-referrer");
  const html = await response.text();
  assertFalse(/<script(?![^>]*\bsrc=)[^>]*>/i.test(html), "an inline script");
  assertFalse(/\son\w+\s*=/i.test(html), "an inline handler");
  assertFalse(
    /\b(src|href)="(https?:)?\/\//i.test(html),
    "an external request",
  );
});

Deno.test("serves modules without their types, each line at its number", async () => {
  for (const name of ["messages/codec.ts", "static/app.ts", "client.ts"]) {
    const text = await (await get(`/${name}`)).text();
    assertEquals(
      text.split("\n").length,
      FILES.get(name)!.split("\n").length,
    );
    assertFalse(/^(export )?(interface|type) /m.test(text), name);
  }
});

Deno.test("answers a matching ETag with 304 and no body", async () => {
  const first = await get("/static/styles/base.css");
  const etag = first.headers.get("etag")!;
  assertMatch(etag, /^W\/".+"$/);
  assertEquals(first.headers.get("cache-control"), "no-cache");
  await first.body?.cancel();
  for (const known of [etag, etag.slice(2), `"other", ${etag}`, "*"]) {
    const again = await get("/static/styles/base.css", {
      "if-none-match": known,
    });
    assertEquals([again.status, await again.text()], [304, ""], known);
    assertEquals(again.headers.get("etag"), etag);
    assertEquals(again.headers.get("vary"), "accept-encoding");
  }
  const other = await get("/static/styles/base.css", {
    "if-none-match": '"other"',
  });
  assertEquals(other.status, 200);
  await other.body?.cancel();
});

Deno.test("compresses large files for clients that accept gzip", async () => {
  const plain = await (await get("/static/styles/base.css")).text();
  for (
    const accept of ["gzip", "gzip, deflate, br", "br;q=1, gzip;q=0.8", "*"]
  ) {
    const response = await get("/static/styles/base.css", {
      "accept-encoding": accept,
    });
    assertEquals(response.headers.get("content-encoding"), "gzip", accept);
    const length = Number(response.headers.get("content-length"));
    assert(length < plain.length / 2);
    assertEquals(await unzipped(response), plain);
  }
  for (const accept of ["", "identity", "br", "gzip;q=0", "deflate"]) {
    const response = await get("/static/styles/base.css", {
      "accept-encoding": accept,
    });
    assertEquals(response.headers.get("content-encoding"), null, accept);
    assertEquals(await response.text(), plain);
  }
  const small = [...FILES].find(([, text]) => text.length < 800);
  if (small !== undefined) {
    const response = await get(`/${small[0]}`, { "accept-encoding": "gzip" });
    assertEquals(response.headers.get("content-encoding"), null);
    await response.body?.cancel();
  }
});

Deno.test("the ETag is the same with and without gzip", async () => {
  const [a, b] = [
    await get("/client.ts"),
    await get("/client.ts", { "accept-encoding": "gzip" }),
  ];
  assertEquals(a.headers.get("etag"), b.headers.get("etag"));
  for (const response of [a, b]) await response.body?.cancel();
});

Deno.test("HEAD has the headers of GET and no body, also over a socket", async () => {
  const expected = await get("/");
  const head = await get("/", {}, "HEAD");
  assertEquals([...head.headers], [...expected.headers]);
  assertEquals(await head.text(), "");
  const { length } = await expected.bytes();
  await using server = serve({ port: 0 });
  const answer = await rawHttp(
    server.addr.port,
    "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
  );
  assertMatch(answer, new RegExp(`^content-length: ${length}\\r$`, "im"));
  assert(answer.endsWith("\r\n\r\n"));
});
