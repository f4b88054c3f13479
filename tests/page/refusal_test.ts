import { assertEquals } from "@std/assert";
import axe from "axe-core";
import { serve } from "../../server.ts";
import {
  acknowledged,
  AXE_FINDINGS,
  fill,
  line,
  online,
  send,
  shows,
  state,
  valueOf,
  visible,
} from "./driven_lobby.ts";
import { everyBrowserTest } from "./every_browser.ts";
import { start, urlOf } from "./lobby_page.ts";
import { handshakeProblem } from "../../static/connection/handshake_problem.ts";

everyBrowserTest(
  "explains after three attempts that the server refuses the page's origin",
  async (browser) => {
    await using server = start({ origins: ["http://other.test"] });
    const page = await browser.open(urlOf(server));
    await line(
      page,
      `refuses WebSockets of pages of ${new URL(urlOf(server)).origin}`,
    );
    await visible(page, "#reconnect");
  },
);

everyBrowserTest(
  "asks for the token of a server that requires one, and keeps the draft meanwhile",
  async (browser) => {
    await using server = start({
      authorize: ({ token }) =>
        token === "ada" ? { user: token } : "unauthenticated",
    });
    const page = await browser.open(urlOf(server));
    await state(page, "closed");
    await visible(page, "#reconnect");
    await shows(page, "#send-problem", "Cannot send: not authenticated (4501)");
    await page.evaluate(`(() => { ${axe.source}\n })()`);
    assertEquals(await page.evaluate(AXE_FINDINGS), []);
    await fill(page, "#text", "a draft");
    await page.press("Enter");
    assertEquals(await valueOf(page, "#text"), "a draft");

    await fill(page, "#token", "ada");
    await page.press("Enter");
    await state(page, "open");
    await send(page, "signed in");
    await acknowledged(page, "signed in");
  },
);

everyBrowserTest(
  "shows that the server refused the lobby",
  async (browser) => {
    await using server = start({ allow: { subscribe: [] } });
    const page = await online(browser, urlOf(server));
    await line(page, "refused the subscription to the lobby (forbidden)");
    await shows(page, "#record-count", "not subscribed: forbidden");
  },
);

everyBrowserTest(
  "explains that the server does not accept the page's messages",
  async (browser) => {
    await using server = serve({
      port: 0,
      hostname: "127.0.0.1",
      allow: { publish: [] },
    });
    const page = await online(browser, `http://127.0.0.1:${server.addr.port}/`);
    await send(page, "refused");
    await line(page, "Not delivered: the server does not allow this page");
  },
);

Deno.test("explains each answer to the request for the WebSocket's URL", () => {
  const explain = (status: number, isRedirect = false) =>
    handshakeProblem({ status, isRedirect }, "http://a.test");
  const texts = [401, 403, 404, 426, 429, 502, 503, 500].map((status) =>
    explain(status)
  );
  texts.push(explain(0, true), handshakeProblem(undefined, "http://a.test"));
  assertEquals(new Set(texts).size, texts.length);
  assertEquals(
    texts.filter((text) => !/^The (?:server|proxy) .*\.$/.test(text)),
    [],
  );
});
