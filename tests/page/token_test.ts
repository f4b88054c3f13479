import { assertEquals } from "@std/assert";
import { state } from "./driven_lobby.ts";
import { everyBrowserTest } from "./every_browser.ts";
import { start, urlOf } from "./lobby_page.ts";

/** Opens a WebSocket in the page, with a hello for drumbeat.v1. @returns the type of the first frame, or the close code. */
function ask(protocols: string[]): Promise<unknown[]> {
  const socket = new WebSocket(`ws://${location.host}/ws`, protocols);
  return new Promise((resolve) => {
    socket.onopen = () => {
      if (protocols.includes("drumbeat.v1")) socket.send('{"type":"hello"}');
    };
    socket.onmessage = ({ data }) => {
      resolve([JSON.parse(data).type, socket.protocol]);
      socket.close();
    };
    socket.onclose = ({ code }) => resolve(["closed", code]);
  });
}

everyBrowserTest(
  "sends its token as a subprotocol, and gets the close code of a rejected hello but not of a rejected handshake",
  async (browser) => {
    await using server = start({
      authorize: ({ token }) =>
        token === "ada" ? { user: token } : "unauthenticated",
    });
    const page = await browser.open(urlOf(server));
    // The page has no token: the server rejects it, and it does not reconnect.
    await state(page, "closed");
    const token = "drumbeat.token.YWRh";
    const ways: readonly (readonly [protocols: string[], ends: unknown[]])[] = [
      [["drumbeat.v1", token], ["start", "drumbeat.v1"]],
      [["drumbeat.v1"], ["closed", 4501]],
      [[], ["closed", 1006]],
    ];
    for (const [protocols, ends] of ways) {
      assertEquals(
        await page.evaluate(`(${ask})(${JSON.stringify(protocols)})`),
        ends,
      );
    }
  },
);
