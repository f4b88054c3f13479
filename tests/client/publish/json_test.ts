import { assertEquals, assertRejects } from "@std/assert";
import { DrumbeatError } from "../../../client.ts";
import { defineMessages } from "../../../messages.ts";
import { handshake, harness } from "../harness.ts";

Deno.test("a message that JSON omits is refused, and nothing is sent", async () => {
  using h = harness();
  handshake(h.net.last);
  const message = { type: "x", toJSON: () => undefined };
  const { code } = await assertRejects(
    () => h.client.publish("room", message),
    DrumbeatError,
  );
  assertEquals([code, h.net.last.take()], ["invalid", []]);
});

Deno.test("a message whose type JSON omits is refused by the client", async () => {
  using h = harness();
  handshake(h.net.last);
  class Message {
    get type(): string {
      return "x";
    }
  }
  const { code } = await assertRejects(
    () => h.client.publish("room", new Message() as never),
    DrumbeatError,
  );
  assertEquals(code, "invalid");
});

Deno.test("the contract checks what JSON makes of messages, requests and presence data", async () => {
  const seen: unknown[] = [];
  const see = (value: unknown): value is Record<string, unknown> =>
    seen.push(value) > 0;
  const contract = defineMessages({ at: see }, {
    presence: see,
    requests: { at: { data: see } },
  });
  using h = harness({ contract, lobby: false });
  const room = h.client.topic("room");
  handshake(h.net.last);
  const at = new Date(0);
  const waiting = [
    room.publish({ type: "at", at, size: NaN }),
    room.presence.set({ at }),
    h.client.request("at", { at }),
  ];
  const json = "1970-01-01T00:00:00.000Z";
  h.client.close();
  await Promise.allSettled(waiting);
  assertEquals(seen, [{ at: json, size: null }, { at: json }, { at: json }]);
});
