import { eTag, ifNoneMatch } from "jsr:@std/http@^1/etag";
import { acceptsEncodings } from "jsr:@std/http@^1/negotiation";
import { stripTypeScriptTypes } from "node:module";
import { plainText } from "./responses.ts";
import { SOURCES } from "./sources.ts";

/** Below this many bytes, gzip saves less than a packet. */
const GZIP_FROM_BYTES = 1024;

/** Everything comes from here and talks to here; nothing runs that is not a file of ours. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self' ws: wss:",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  svg: "image/svg+xml",
  ts: "text/javascript; charset=utf-8",
};

/** One file as it is served. Made when it is first asked for, then kept. */
interface Asset {
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly gzipped: Uint8Array<ArrayBuffer> | undefined;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
}

const assets = new Map<string, Promise<Asset>>();

/**
 * Answers a request for the page or one of its modules: with `ETag` and 304, and gzip where it pays.
 *
 * @param request a request of any method.
 * @param path the path asked for, from the root.
 * @returns the answer, or `undefined` when there is no such file.
 */
export async function serveAsset(
  request: Request,
  path: string,
): Promise<Response | undefined> {
  const name = path === "/" ? "static/index.html" : path.slice(1);
  const source = SOURCES.get(name);
  if (source === undefined) return undefined;
  if (request.method !== "GET" && request.method !== "HEAD") {
    return plainText(405, "Only GET and HEAD", { allow: "GET, HEAD" });
  }
  let making = assets.get(name);
  if (making === undefined) assets.set(name, making = make(name, source));
  const { plain, gzipped, etag, headers } = await making;
  if (!ifNoneMatch(request.headers.get("if-none-match"), etag)) {
    return new Response(null, { status: 304, headers });
  }
  // Who sends no such header may have any encoding (RFC 9110 section 12.5.3), but means none; an empty one says none.
  const gzip = gzipped !== undefined &&
    Boolean(request.headers.get("accept-encoding")) &&
    acceptsEncodings(request, "gzip", "identity") === "gzip";
  const body = gzip ? gzipped : plain;
  return new Response(request.method === "HEAD" ? null : body, {
    headers: {
      ...headers,
      "content-length": String(body.length),
      ...(gzip ? { "content-encoding": "gzip" } : {}),
    },
  });
}

async function make(name: string, source: string): Promise<Asset> {
  const ending = name.slice(name.lastIndexOf(".") + 1);
  const text = ending === "ts" ? stripTypeScriptTypes(source) : source;
  const plain = new TextEncoder().encode(text);
  // Weak: the same for both encodings (RFC 9110 section 8.8.3.3).
  const etag = await eTag(plain, { weak: true }) ?? "";
  return {
    plain,
    gzipped: plain.length < GZIP_FROM_BYTES ? undefined : await gzip(plain),
    etag,
    headers: {
      "content-type": CONTENT_TYPES[ending] ?? "text/plain; charset=utf-8",
      etag,
      vary: "accept-encoding",
      "cache-control": "no-cache",
      "x-content-type-options": "nosniff",
      ...(ending === "html"
        ? {
          "content-security-policy": PAGE_POLICY,
          "referrer-policy": "no-referrer",
        }
        : {}),
    },
  };
}

async function gzip(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
