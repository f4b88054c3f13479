import { assertEquals, assertLess } from "@std/assert";
import { browserTest } from "./browser.ts";
import {
  acknowledged,
  lines,
  online,
  say,
  start,
  state,
  urlOf,
} from "./lobby_page.ts";

browserTest(
  "a cut wire is told, comes back, and brings what was missed",
  async (browser) => {
    await using server = start();
    const a = await online(browser, urlOf(server));
    const b = await online(browser, urlOf(server));
    await say(a.page, "before");
    await lines(b.page, "before").waitFor();

    await a.page.click("#cut");
    await lines(a.page, "You cut the wire").waitFor();
    await state(a.page, "waiting");
    await a.page.locator("#status", { hasText: /^reconnecting in \d+ s$/ })
      .waitFor();
    await say(a.page, "written while away");
    await a.page.locator("li.own[data-state=waiting]").waitFor();
    for (const text of ["one", "two", "three"]) {
      await say(b.page, `missed ${text}`);
      await acknowledged(b.page, `missed ${text}`);
    }
    assertEquals(await lines(a.page, "missed").count(), 0);

    await a.page.click("#reconnect");
    await lines(a.page, /Back after [\d.]+ s: recovered 3 messages\./)
      .waitFor();
    await lines(a.page, "missed three").waitFor();
    await acknowledged(a.page, "written while away");
    await lines(b.page, "written while away").waitFor();
    await a.page.locator("#said-status", { hasText: "recovered 3 messages" })
      .waitFor({ state: "attached" });
    assertEquals(
      await a.page.locator("#lines-of-feed .text").allInnerTexts(),
      [
        "before",
        "missed one",
        "missed two",
        "missed three",
        "written while away",
      ],
    );
    assertEquals([...a.problems, ...b.problems], []);
  },
);

browserTest(
  "a cut wire mends itself, and the page says when nothing was missed",
  async (browser) => {
    await using server = start();
    const { page } = await online(browser, urlOf(server));
    await say(page, "alone");
    await acknowledged(page, "alone");
    await page.click("#cut");
    await state(page, "waiting");
    await lines(page, /Back after [\d.]+ s: nothing was missed\./).waitFor();
    await state(page, "open");
  },
);

browserTest("a gap says what is missing", async (browser) => {
  await using server = start({ topics: { lobby: { maxRecords: 5 } } });
  const { page } = await online(browser, urlOf(server));
  await say(page, "before");
  await acknowledged(page, "before");
  await page.click("#cut");
  await state(page, "waiting");
  for (let n = 1; n <= 20; n++) {
    await server.hub.broadcast({ type: "chat", text: `number ${n}.` });
  }
  await page.click("#reconnect");
  await lines(page, "Missing here: 15 messages, records 1 to 15").waitFor();
  await lines(page, "number 20.").waitFor();
  assertEquals(await lines(page, "number").count(), 5);
});

browserTest(
  "a server that is killed and started again has both tabs back within five seconds",
  async (browser) => {
    const port = freePort();
    const url = `http://127.0.0.1:${port}/`;
    await using first = await spawnServer(port);
    const a = await online(browser, url);
    const b = await online(browser, url);
    await say(a.page, "before the fall");
    await lines(b.page, "before the fall").waitFor();

    await first.kill();
    await lines(a.page, "The connection is lost").waitFor();
    await lines(b.page, "The connection is lost").waitFor();
    await using _second = await spawnServer(port);
    const since = performance.now();
    await lines(a.page, "Back after").waitFor();
    await lines(b.page, "Back after").waitFor();
    assertLess(performance.now() - since, 5_000);
    assertEquals(await a.page.locator("#status .word").innerText(), "online");
    // The new server's log is another one, and the page does not pretend otherwise.
    await lines(a.page, "the server began a new log").waitFor();

    await say(b.page, "and after it");
    await lines(a.page, "and after it").waitFor();
  },
);

function freePort(): number {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  return (listener.addr as Deno.NetAddr).port;
}

interface Spawned extends AsyncDisposable {
  kill(): Promise<void>;
}

/** The server as a process of its own, as `deno task start` runs it; ready when it says where it listens. */
async function spawnServer(port: number): Promise<Spawned> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-net",
      "--allow-env=PORT,HOST",
      new URL("../../server/cli/main.ts", import.meta.url).pathname,
      "--port",
      String(port),
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  const output = (async () => {
    for await (
      const text of child.stdout.pipeThrough(new TextDecoderStream())
    ) {
      if (text.includes("listens on")) {
        resolve();
      }
    }
    reject(new Error("The server ended before it listened"));
  })();
  let killed = false;
  const kill = async (): Promise<void> => {
    if (!killed) {
      killed = true;
      child.kill("SIGKILL");
    }
    await child.status;
    await output;
  };
  try {
    await ready;
  } catch (error) {
    await child.status;
    throw error;
  }
  return { kill, [Symbol.asyncDispose]: kill };
}
