import { assertRejects, assertThrows } from "@std/assert";
import {
  createHandler,
  createHub,
  type HandlerOptions,
  serve,
  type ServeOptions,
} from "../../server.ts";
import { serveStrict } from "../../server/strict/strict.ts";
import { serveWorkers } from "../../server/workers/workers.ts";

/** Invalid options of `serve`, and the error. `deno run` checks no types. */
const INVALID: readonly (readonly [given: object, error: string])[] = [
  [
    { authorise: () => "forbidden" },
    "unknown option 'authorise' (did you mean 'authorize'?)",
  ],
  [
    { allow: { subscribed: [] } },
    "unknown option 'allow.subscribed' (did you mean 'allow.subscribe'?)",
  ],
  [
    { allow: { publish: "lobby" } },
    "the option 'allow.publish' must be a list of names or a function",
  ],
  [{ alow: {} }, "unknown option 'alow' (did you mean 'allow'?)"],
  [{ orgins: "same" }, "unknown option 'orgins' (did you mean 'origins'?)"],
  [
    { limits: { peer: 1 } },
    "unknown option 'limits.peer' (did you mean 'limits.peers'?)",
  ],
  [
    { heartbeat: { interval: 1 } },
    "unknown option 'heartbeat.interval' (did you mean 'heartbeat.intervalMs'?)",
  ],
  [
    { topics: { a: { lagg: "gap" } } },
    "unknown option 'topics.a.lagg' (did you mean 'topics.a.lag'?)",
  ],
  [
    { tls: { cert: "", keys: "" } },
    "unknown option 'tls.keys' (did you mean 'tls.key'?)",
  ],
  [{ tls: { cert: "" } }, "the option 'tls.key' must be PEM text"],
  [{ port: "80" }, "the option 'port' must be an integer, not '80'"],
  [{ hostname: 1 }, "the option 'hostname' must be text"],
  [{ page: 1 }, "the option 'page' must be true or false, not 1"],
  [
    { requireOrigin: "no" },
    "the option 'requireOrigin' must be true or false, not 'no'",
  ],
  [
    { signal: new AbortController() },
    "the option 'signal' must be an AbortSignal",
  ],
  [
    { origins: ["app.example"] },
    "'app.example' is not an origin such as https://app.example",
  ],
  [
    { adminToken: "short" },
    "the option 'adminToken' must be text of at least 16 characters",
  ],
];

for (const [given, error] of INVALID) {
  Deno.test(`serve and serveStrict: ${error}`, async () => {
    const options = { port: 0, ...given };
    assertThrows(
      () => serve(options),
      TypeError,
      `Cannot serve: ${error}`,
    );
    await assertRejects(
      () => serveStrict(options),
      TypeError,
      `Cannot serve: ${error}`,
    );
  });
}

Deno.test("each function refuses the options of others", async () => {
  await using hub = createHub();
  assertThrows(
    () => createHub({ port: 0 } as object),
    TypeError,
    "Cannot create the hub: unknown option 'port'",
  );
  assertThrows(
    () => createHandler(hub, { orgins: "any" } as HandlerOptions),
    TypeError,
    "Cannot create the handler: unknown option 'orgins' (did you mean 'origins'?)",
  );
  assertThrows(
    () => serve({ port: 0, reusePort: "no" } as object),
    TypeError,
    "Cannot serve: the option 'reusePort' must be true or false, not 'no'",
  );
  assertThrows(
    () => serve({ port: 0, handshakeMs: 1 } as ServeOptions),
    TypeError,
    "Cannot serve: unknown option 'handshakeMs'",
  );
  await assertRejects(
    () => serveStrict({ port: 0, reusePort: true } as object),
    TypeError,
    "Cannot serve: unknown option 'reusePort'",
  );
  await assertRejects(
    () => serveStrict({ port: 0, handshakeMs: -1 }),
    RangeError,
    "Cannot serve: the option 'handshakeMs' must be a number of at least 0, not -1",
  );
  await assertRejects(
    () => serveWorkers({ workers: 2, worker: 2 } as { workers: number }),
    TypeError,
    "Cannot serve with workers: unknown option 'worker' (did you mean 'workers'?)",
  );
  await assertRejects(
    () => serveWorkers({ workers: 0 }),
    RangeError,
    "Cannot serve with workers: the option 'workers' must be an integer from 1 to 999, not 0",
  );
});

Deno.test("undefined stands for the default of each option", async () => {
  await using server = serve({
    // The default port may be in use.
    port: 0,
    hostname: undefined,
    tls: undefined,
    reusePort: undefined,
    signal: undefined,
    page: undefined,
    origins: undefined,
    requireOrigin: undefined,
    trustedProxies: undefined,
    adminToken: undefined,
    metrics: undefined,
    store: undefined,
    contract: undefined,
    limits: undefined,
    heartbeat: undefined,
    topics: undefined,
    authorize: undefined,
    allow: undefined,
    sessionMs: undefined,
    presenceGraceMs: undefined,
    onOpen: undefined,
    onClose: undefined,
    onPresence: undefined,
    onError: undefined,
  });
  const response = await fetch(`http://127.0.0.1:${server.addr.port}/healthz`);
  await response.body?.cancel();
  // Compiles; a call would listen on port 8000.
  const _options: ServeOptions = { port: undefined };
});
