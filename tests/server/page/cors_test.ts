import { assertEquals } from "@std/assert";
import { createHandler, createHub } from "../../../server.ts";
import type { Origins } from "../../../server/admission/origins.ts";

/** Returns the CORS headers of a file for a page of an origin. */
async function headersFor(
  origins: Origins,
  origin: string | undefined,
  path = "/client.ts",
) {
  await using hub = createHub();
  const handler = createHandler(hub, { origins });
  const response = await handler(
    new Request(`http://hub.example${path}`, {
      headers: {
        host: "hub.example",
        ...(origin === undefined ? {} : { origin }),
      },
    }),
  );
  await response.body?.cancel();
  return [
    response.status,
    response.headers.get("access-control-allow-origin"),
    response.headers.get("vary"),
  ];
}

Deno.test("the client's files can be imported by the pages that may connect, and by no others", async () => {
  const vary = "accept-encoding, origin";
  const [app, evil] = ["https://app.example", "https://evil.example"];
  assertEquals(await headersFor([app], app), [200, app, vary]);
  assertEquals(await headersFor([app], app, "/messages/codec.ts"), [
    200,
    app,
    vary,
  ]);
  assertEquals(await headersFor([app], evil), [200, null, vary]);
  assertEquals(await headersFor([app], undefined), [200, null, vary]);
  assertEquals(await headersFor("same", evil), [200, null, vary]);
  assertEquals(await headersFor("any", evil), [200, evil, vary]);
  assertEquals(await headersFor("any", evil, "/"), [
    200,
    null,
    "accept-encoding",
  ]);
});
