import { assertRejects } from "@std/assert";
import { type Client, DrumbeatError } from "../../../client.ts";
import { defineMessages } from "../../../messages.ts";
import { harness } from "../harness.ts";

const contract = defineMessages({}, {
  requests: {
    rename: {
      data: (data): data is { name: string } =>
        typeof (data as { name?: unknown } | undefined)?.name === "string",
    },
    list: { data: (data): data is undefined => data === undefined },
  },
});

Deno.test("data that a request needs cannot be left out, and what it does not need can", async () => {
  using h = harness({ contract });
  // @ts-expect-error -- `rename` needs a name.
  await assertRejects(() => h.client.request("rename"), DrumbeatError);
  await assertRejects(
    // @ts-expect-error -- a name is a string.
    () => h.client.request("rename", { name: 1 }),
    DrumbeatError,
  );
  const passes = [
    h.client.request("rename", { name: "a" }, { timeoutMs: 1 }),
    h.client.request("list"),
    h.client.request("list", undefined, { timeoutMs: 1 }),
    (h.client as unknown as Client).request("anything"),
  ];
  for (const asked of passes) await assertRejects(() => asked, DrumbeatError);
});
