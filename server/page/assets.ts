import { eTag, ifNoneMatch } from "jsr:@std/http@^1/etag";
import { acceptsEncodings } from "jsr:@std/http@^1/negotiation";
import { stripTypeScriptTypes } from "node:module";
import { methodNotAllowed } from "../responses.ts";
import * as files from "./files.ts";

/** Smaller bodies fit into one packet with or without gzip. */
const GZIP_FROM_BYTES = 1024;

/** The page loads files of this server only, and connects to WebSockets anywhere: a hub may be on another host. */
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

/** One file as it is served. It is built at its first request and kept. */
interface Asset {
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly gzipped: Uint8Array<ArrayBuffer> | undefined;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
}

const sources: ReadonlyMap<string, string> = new Map(Object.entries(files));
const assets = new Map<string, Promise<Asset>>();

/**
 * Answers a request for the page or for one of its files, with `ETag`, 304 and gzip.
 *
 * @param request a request of any method.
 * @param path the path of the URL.
 * @returns the response, or `undefined` if there is no such file.
 */
export async function serveAsset(
  request: Request,
  path: string,
): Promise<Response | undefined> {
  const name = path === "/" ? "static/index.html" : path.slice(1);
  const source = sources.get(name);
  if (source === undefined) return undefined;
  const refused = methodNotAllowed(request);
  if (refused !== undefined) return refused;
  let building = assets.get(name);
  if (building === undefined) assets.set(name, building = build(name, source));
  const { plain, gzipped, etag, headers } = await building;
  if (!ifNoneMatch(request.headers.get("if-none-match"), etag)) {
    return new Response(null, { status: 304, headers });
  }
  // A request without Accept-Encoding allows any encoding (RFC 9110 section 12.5.3), but such clients decode none.
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

async function build(name: string, source: string): Promise<Asset> {
  const extension = name.slice(name.lastIndexOf(".") + 1);
  const text = extension === "ts" ? stripTypeScriptTypes(source) : source;
  const plain = new TextEncoder().encode(text);
  // A weak one is the same for both encodings (RFC 9110 section 8.8.3.3).
  const etag = await eTag(plain, { weak: true }) ?? "";
  return {
    plain,
    gzipped: plain.length < GZIP_FROM_BYTES ? undefined : await gzip(plain),
    etag,
    headers: {
      "content-type": CONTENT_TYPES[extension] ?? "text/plain; charset=utf-8",
      etag,
      vary: "accept-encoding",
      "cache-control": "no-cache",
      "x-content-type-options": "nosniff",
      ...(extension === "html"
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
