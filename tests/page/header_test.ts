import { assertEquals } from "@std/assert";
import { online, state } from "./driven_lobby.ts";
import { everyBrowserTest } from "./every_browser.ts";
import { start, urlOf } from "./lobby_page.ts";

everyBrowserTest(
  "the parts of the header never overlap, from 320 to 960 pixels",
  async (browser) => {
    await using server = start();
    const page = await online(browser, urlOf(server));
    const overlaps = () =>
      page.evaluate<string[]>(`(() => {
        const parts = [...document.querySelectorAll("#top > *")]
          .filter((part) => part.checkVisibility());
        const boxes = parts.map((part) => {
          const range = document.createRange();
          range.selectNodeContents(part);
          return part instanceof HTMLButtonElement
            ? part.getBoundingClientRect() : range.getBoundingClientRect();
        });
        return boxes.flatMap((a, i) => boxes.slice(i + 1).flatMap((b, j) =>
          a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
            ? [innerWidth + ": " + parts[i].textContent.trim() + " / " + parts[i + 1 + j].textContent.trim()]
            : []));
      })()`);
    const check = async (): Promise<void> => {
      for (
        const width of [320, 360, 600, 640, 660, 675, 700, 760, 895, 896, 960]
      ) {
        await page.resize({ width, height: 700 });
        assertEquals(await overlaps(), []);
        assertEquals(
          await page.evaluate(
            "document.documentElement.scrollWidth <= innerWidth",
          ),
          true,
          `${width}`,
        );
      }
    };
    await check();
    await server[Symbol.asyncDispose]();
    await state(page, "waiting");
    await check();
  },
);
