import { createHandler, createHub } from "../../server.ts";
import { contract } from "../../static/contract.ts";
import { shows, state, visible } from "./driven_lobby.ts";
import { everyBrowserTest } from "./every_browser.ts";

/** Changes a response of the page's server, or returns undefined to serve it unchanged. */
type Change = (path: string) => Response | Promise<Response> | undefined;

/** Serves the page, with changed files. */
function serveChanged(
  change: Change,
): AsyncDisposable & { readonly url: string } {
  const hub = createHub({ contract });
  const handler = createHandler(hub);
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request, info) =>
      change(new URL(request.url).pathname) ?? handler(request, info),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    async [Symbol.asyncDispose]() {
      await hub.close();
      await server.shutdown();
    },
  };
}

everyBrowserTest(
  "offers to reload after a module failed to load once",
  async (browser) => {
    let failures = 0;
    await using server = serveChanged((path) =>
      path === "/static/heartbeat/trace.ts" && failures++ === 0
        ? new Response("Unavailable", { status: 503 })
        : undefined
    );
    const page = await browser.open(server.url);
    await shows(page, "#startup-problem", "A file of the page was not loaded.");
    await shows(page, "#status", "not started");
    await page.click("#startup-problem button");
    await state(page, "open");
  },
);

everyBrowserTest(
  "names the browsers that can run the page where a feature is missing",
  async (browser) => {
    await using server = serveChanged((path) =>
      path === "/static/viewport.ts"
        ? new Response(
          `document.notThere();\nexport function fitViewport() {}`,
          { headers: { "content-type": "text/javascript" } },
        )
        : undefined
    );
    const page = await browser.open(server.url);
    await visible(page, "#startup-problem");
    await shows(
      page,
      "#startup-problem",
      /cannot run the page \(TypeError.*Firefox 121/,
    );
  },
);
