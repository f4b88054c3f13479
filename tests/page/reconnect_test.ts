import { assertEquals } from "@std/assert";
import {
  acknowledged,
  line,
  lineCount,
  online,
  send,
  shows,
  state,
  visible,
} from "./driven_lobby.ts";
import { everyBrowserTest } from "./every_browser.ts";
import { start, urlOf } from "./lobby_page.ts";
import { serve } from "../../server.ts";
import { contract } from "../../static/contract.ts";

everyBrowserTest(
  "shows a broken connection, reconnects, and delivers the missed messages",
  async (browser) => {
    await using server = start();
    const a = await online(browser, urlOf(server));
    const b = await online(browser, urlOf(server));
    await send(a, "before");
    await line(b, "before");

    await a.click("#disconnect");
    await line(a, "You disconnected this page");
    await state(a, "waiting");
    await shows(a, "#status", /^reconnecting in \d+ s$/);
    await send(a, "written while offline");
    await visible(a, "li.own[data-state=waiting]");
    for (const text of ["one", "two", "three"]) {
      await send(b, `missed ${text}`);
      await acknowledged(b, `missed ${text}`);
    }
    assertEquals(await lineCount(a, "missed"), 0);

    await a.click("#reconnect");
    await line(a, /Reconnected after [\d.]+ s: 3 messages recovered\./);
    await line(a, "missed three");
    await acknowledged(a, "written while offline");
    await line(b, "written while offline");
    await shows(a, "#announce-status", "3 messages recovered");
    assertEquals(
      await a.evaluate(
        "[...document.querySelectorAll('#feed .text')].map((text) => text.innerText)",
      ),
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

everyBrowserTest(
  "reconnects by itself after Disconnect, and reports that no message was missed",
  async (browser) => {
    await using server = start();
    const page = await online(browser, urlOf(server));
    await send(page, "alone");
    await acknowledged(page, "alone");
    await page.click("#disconnect");
    await state(page, "waiting");
    await line(page, /Reconnected after [\d.]+ s: no messages missed\./);
    await state(page, "open");
  },
);

everyBrowserTest("shows the missing records of a gap", async (browser) => {
  await using server = start({ topics: { lobby: { maxRecords: 5 } } });
  const page = await online(browser, urlOf(server));
  await send(page, "before");
  await acknowledged(page, "before");
  await page.click("#disconnect");
  await state(page, "waiting");
  for (let n = 1; n <= 20; n++) {
    await server.hub.broadcast({ type: "chat", text: `number ${n}.` });
  }
  await page.click("#reconnect");
  await line(page, "Missing here: 15 messages, records 1 to 15");
  await line(page, "number 20.");
  assertEquals(await lineCount(page, "number"), 5);
});

everyBrowserTest(
  "both windows reconnect after the server was killed and restarted",
  async (browser) => {
    const port = freePort();
    const url = `http://127.0.0.1:${port}/`;
    await using first = await spawnServer(port);
    const a = await online(browser, url);
    const b = await online(browser, url);
    await send(a, "before the restart");
    await line(b, "before the restart");

    await first.kill();
    await line(a, "Disconnected: 1006");
    await line(b, "Disconnected: 1006");
    await using _second = await spawnServer(port);
    await line(a, "Reconnected after");
    await line(b, "Reconnected after");
    assertEquals(await a.text("#status .word"), "online");
    // The new server has a new log, so the page cannot exclude missing messages.
    await line(a, "the server started a new log");

    await send(b, "after the restart");
    await line(a, "after the restart");
  },
);

everyBrowserTest(
  "names a planned restart of the server as the reason, and counts the records of the new log",
  async (browser) => {
    const port = freePort();
    const options = { port, hostname: "127.0.0.1", contract };
    const first = serve(options);
    const page = await online(browser, `http://127.0.0.1:${port}/`);
    await send(page, "before the restart");
    await shows(page, "#record-count", /^1 record$/);
    await first[Symbol.asyncDispose]();
    await line(page, "Disconnected: the server is restarting.");
    await using _second = serve(options);
    await line(page, "the server started a new log");
    await shows(page, "#record-count", /^0 records$/);
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
