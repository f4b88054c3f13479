import { assertEquals, assertRejects } from "@std/assert";
import { deferred, isWellFormed, parseUrl } from "../../common/platform.ts";

Deno.test("deferred resolves and rejects", async () => {
  const first = deferred<number>();
  first.resolve(1);
  assertEquals(await first.promise, 1);
  const second = deferred<number>();
  second.reject(new TypeError("no"));
  await assertRejects(() => second.promise, TypeError, "no");
});

Deno.test("isWellFormed agrees with the platform", () => {
  for (
    const text of [
      "",
      "plain",
      "\u{1F600}",
      "\uD83D",
      "\uDE00",
      "a\uD83D",
      "\uDE00a",
      "\uD83D\uD83D\uDE00",
      "\uD83D\uDE00\uDE00",
    ]
  ) assertEquals(isWellFormed(text), text.isWellFormed(), JSON.stringify(text));
});

Deno.test("parseUrl returns undefined for a URL that is not valid", () => {
  assertEquals(parseUrl("/ws", undefined), undefined);
  assertEquals(parseUrl("/ws", "http://hub.test/")?.href, "http://hub.test/ws");
});
