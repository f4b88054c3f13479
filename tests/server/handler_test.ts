import { assert, assertEquals, assertMatch } from "@std/assert";
import { createHandler, createHub, serve } from "../../server.ts";

async function answer(path: string, init?: RequestInit): Promise<Response> {
  await using hub = createHub();
  return await createHandler(hub)(new Request(`http://hub.test${path}`, init));
}

const PLAIN = "text/plain; charset=utf-8";

/** Requests with their status and some headers of the response. */
const ANSWERS: readonly (readonly [
  method: string,
  path: string,
  status: number,
  headers?: Readonly<Record<string, string>>,
])[] = [
  ["GET", "/healthz", 200],
  ["HEAD", "/healthz", 200],
  ["POST", "/healthz", 405, { allow: "GET, HEAD" }],
  ["GET", "/ws", 426, { upgrade: "websocket" }],
  ["POST", "/ws", 426, { upgrade: "websocket" }],
  ["GET", "/nothing", 404],
  ["POST", "/nothing", 404],
  ["GET", "/ws/", 404],
  ["GET", "/static/", 404],
  ["GET", "/static/../deno.json", 404],
  ["GET", "/static/..%2fdeno.json", 404],
  ["GET", "/deno.json", 404],
  ["GET", "/server.ts", 404],
  ["GET", "/server/main.ts", 404],
  ["GET", "/hub/hub.ts", 404],
  ["GET", "/__proto__", 404],
  ["GET", "/static/constructor", 404],
  ["POST", "/", 405, { allow: "GET, HEAD" }],
  ["DELETE", "/messages.ts", 405, { allow: "GET, HEAD" }],
];

for (const [method, path, status, headers = {}] of ANSWERS) {
  Deno.test(`${method} ${path} is ${status} with one line of text`, async () => {
    const response = await answer(path, { method });
    assertEquals(response.status, status);
    assertEquals(response.headers.get("content-type"), PLAIN);
    assertEquals(response.headers.get("cache-control"), "no-store");
    for (const [name, value] of Object.entries(headers)) {
      assertEquals(response.headers.get(name), value);
    }
    assertMatch(await response.text(), /^.+\n$/);
  });
}

Deno.test("POST /ws of a page that may not connect is 403, as its handshake is", async () => {
  const response = await answer("/ws", {
    method: "POST",
    headers: { origin: "http://other.test" },
  });
  assertEquals(response.status, 403);
});

Deno.test("an upgrade to another protocol is an ordinary request", async () => {
  assertEquals(
    (await answer("/ws", { headers: { upgrade: "h2c" } })).status,
    426,
  );
  const page = await answer("/", { headers: { upgrade: "h2c" } });
  assertEquals(page.status, 200);
  await page.body?.cancel();
});

Deno.test("without a page it serves WebSockets and /healthz only", async () => {
  await using hub = createHub();
  const handler = createHandler(hub, { page: false });
  for (const path of ["/", "/static/app.ts", "/messages.ts"]) {
    const response = await handler(new Request(`http://hub.test${path}`));
    assertEquals([path, response.status], [path, 404]);
  }
  assertEquals(
    (await handler(new Request("http://hub.test/healthz"))).status,
    200,
  );
});

Deno.test("a GET of /ws over a socket is 426", async () => {
  await using server = serve({ port: 0 });
  const response = await fetch(`http://127.0.0.1:${server.addr.port}/ws`);
  assertEquals([response.status, response.headers.get("upgrade")], [
    426,
    "websocket",
  ]);
  assert((await response.text()).includes("WebSocket"));
});
