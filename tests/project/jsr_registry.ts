/**
 * A substitute for jsr.io that serves the packages in std/, for tests that import the modules from a URL: such a module does
 * not use this repository's `links`, and many networks cannot reach JSR. A child process uses it with the environment
 * variable `JSR_URL` and the flag `--allow-import=<host>`.
 *
 * @module
 */

import { createHash } from "node:crypto";

const std = new URL("../../std/", import.meta.url);

interface Package {
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
}

async function answer(pathname: string): Promise<Response> {
  const [, name, rest] = /^\/@std\/([a-z]+)\/([\w./-]+)$/.exec(pathname) ?? [];
  if (name === undefined || rest === undefined) {
    return new Response(null, { status: 404 });
  }
  const folder = new URL(`${name}/`, std);
  const { version, exports } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", folder)),
  ) as Package;
  if (rest === "meta.json") {
    return Response.json({
      scope: "std",
      name,
      latest: version,
      versions: { [version]: {} },
    });
  }
  if (rest === `${version}_meta.json`) {
    const manifest: Record<string, { size: number; checksum: string }> = {};
    for await (const entry of Deno.readDir(folder)) {
      const bytes = await Deno.readFile(new URL(entry.name, folder));
      manifest[`/${entry.name}`] = {
        size: bytes.length,
        checksum: `sha256-${createHash("sha256").update(bytes).digest("hex")}`,
      };
    }
    return Response.json({ manifest, exports });
  }
  const file = rest.slice(version.length + 1);
  return new Response(await Deno.readFile(new URL(file, folder)), {
    headers: {
      "content-type": file.endsWith(".ts")
        ? "application/typescript"
        : "text/javascript",
    },
  });
}

/** A running registry. */
export interface JsrRegistry extends AsyncDisposable {
  /** The value for `JSR_URL`. */
  readonly url: string;
  /** The host for `--allow-import`. */
  readonly host: string;
}

/** Starts a registry on a free port of the loopback interface. */
export function serveJsrRegistry(): JsrRegistry {
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
  }, async (request) => {
    try {
      return await answer(new URL(request.url).pathname);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) {
        return new Response(null, { status: 404 });
      }
      throw error;
    }
  });
  const host = `127.0.0.1:${server.addr.port}`;
  return {
    url: `http://${host}/`,
    host,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
