import { assertEquals, assertRejects } from "@std/assert";
import { connect, DrumbeatError } from "../../../client.ts";
import { handshake, harness } from "../harness.ts";

Deno.test("client.publish stores a message in a topic without a subscription", async () => {
  using h = harness();
  handshake(h.net.last);
  const stored = [
    h.client.publish("user:1", { type: "chat", text: "a" }),
    h.client.publish("user:2", { type: "chat", text: "b" }, { timeoutMs: 50 }),
  ];
  assertEquals(h.net.last.take(), [
    {
      type: "publish",
      id: 1,
      topic: "user:1",
      message: { type: "chat", text: "a" },
    },
    {
      type: "publish",
      id: 2,
      topic: "user:2",
      message: { type: "chat", text: "b" },
    },
  ]);
  h.net.last.emit({ type: "ack", id: 1, offset: 4 });
  h.net.last.emit({ type: "ack", id: 2, offset: 0 });
  assertEquals(await Promise.all(stored), [4, 0]);
});

Deno.test("client.publish refuses a wrong name, a closed client and the plain dialect", async () => {
  using h = harness();
  const message = { type: "chat" };
  await assertRejects(() => h.client.publish("", message), TypeError, "''");
  h.client.close();
  const { code } = await assertRejects(
    () => h.client.publish("room:1", message),
    DrumbeatError,
  );
  assertEquals(code, "closed");
  const plain = connect("ws://127.0.0.1:1/ws", { dialect: "plain" });
  await assertRejects(() => plain.publish("room:1", message), TypeError);
  plain.close();
});

Deno.test("an ignored rejection of client.publish is reported, and does not end the process", async () => {
  using h = harness();
  const reported = new Promise<unknown>((resolve) =>
    h.client.addEventListener("rejected", ({ error }) => resolve(error))
  );
  void h.client.publish("", { type: "chat" });
  await Promise.resolve().then(() => {}).then(() => {});
  h.clock.tick(1);
  await new Promise((resolve) => setTimeout(resolve));
  h.clock.tick(1);
  assertEquals((await reported) instanceof TypeError, true);
});
