import { assertEquals, assertLess } from "@std/assert";
import { browserTest } from "./browser.ts";
import {
  acknowledged,
  lines,
  online,
  send,
  start,
  state,
  urlOf,
} from "./lobby_page.ts";

browserTest(
  "shows a broken connection, reconnects, and delivers the missed messages",
  async (browser) => {
    await using server = start();
    const a = await online(browser, urlOf(server));
    const b = await online(browser, urlOf(server));
    await send(a.page, "before");
    await lines(b.page, "before").waitFor();

    await a.page.click("#disconnect");
    await lines(a.page, "You disconnected this page").waitFor();
    await state(a.page, "waiting");
    await a.page.locator("#status", { hasText: /^reconnecting in \d+ s$/ })
      .waitFor();
    await send(a.page, "written while offline");
    await a.page.locator("li.own[data-state=waiting]").waitFor();
    for (const text of ["one", "two", "three"]) {
      await send(b.page, `missed ${text}`);
      await acknowledged(b.page, `missed ${text}`);
    }
    assertEquals(await lines(a.page, "missed").count(), 0);

    await a.page.click("#reconnect");
    await lines(a.page, /Reconnected after [\d.]+ s: 3 messages recovered\./)
      .waitFor();
    await lines(a.page, "missed three").waitFor();
    await acknowledged(a.page, "written while offline");
    await lines(b.page, "written while offline").waitFor();
    await a.page.locator("#announce-status", {
      hasText: "3 messages recovered",
    })
      .waitFor({ state: "attached" });
    assertEquals(
      await a.page.locator("#feed .text").allInnerTexts(),
      [
        "before",
        "missed one",
        "missed two",
        "missed three",
        "written while offline",
      ],
    );
    assertEquals([...a.problems, ...b.problems], []);
  },
);

browserTest(
  "reconnects by itself after Disconnect, and reports that no message was missed",
  async (browser) => {
    await using server = start();
    const { page } = await online(browser, urlOf(server));
    await send(page, "alone");
    await acknowledged(page, "alone");
    await page.click("#disconnect");
    await state(page, "waiting");
    await lines(page, /Reconnected after [\d.]+ s: no messages missed\./)
      .waitFor();
    await state(page, "open");
  },
);

browserTest("shows the missing records of a gap", async (browser) => {
  await using server = start({ topics: { lobby: { maxRecords: 5 } } });
  const { page } = await online(browser, urlOf(server));
  await send(page, "before");
  await acknowledged(page, "before");
  await page.click("#disconnect");
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
  "both tabs reconnect within five seconds after the server was killed and restarted",
  async (browser) => {
    const port = freePort();
    const url = `http://127.0.0.1:${port}/`;
    await using first = await spawnServer(port);
    const a = await online(browser, url);
    const b = await online(browser, url);
    await send(a.page, "before the restart");
    await lines(b.page, "before the restart").waitFor();

    await first.kill();
    await lines(a.page, "Disconnected: 1006").waitFor();
    await lines(b.page, "Disconnected: 1006").waitFor();
    await using _second = await spawnServer(port);
    const since = performance.now();
    await lines(a.page, "Reconnected after").waitFor();
    await lines(b.page, "Reconnected after").waitFor();
    assertLess(performance.now() - since, 5_000);
    assertEquals(await a.page.locator("#status .word").innerText(), "online");
    // The new server has a new log, so the page cannot exclude missing messages.
    await lines(a.page, "the server started a new log").waitFor();

    await send(b.page, "after the restart");
    await lines(a.page, "after the restart").waitFor();
  },
);

function freePort(): number {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  return (listener.addr as Deno.NetAddr).port;
}

interface Spawned extends AsyncDisposable {
  kill(): Promise<void>;
}

/** Starts the command line's server as a process, and waits until it listens. */
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
    reject(new Error("Cannot start the server: it ended before it listened"));
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
