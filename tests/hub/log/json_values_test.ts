import { assertEquals } from "@std/assert";
import { connect } from "../../../client.ts";
import { serve } from "../../../server.ts";
import { inMemory } from "../in_memory.ts";

Deno.test("a message is stored as JSON.parse reads it: the last of equal keys, array indexes first", async () => {
  await using server = serve({ port: 0, page: false });
  const url = `ws://127.0.0.1:${server.addr.port}/ws`;
  await using reader = connect(url, { dialect: "plain" });
  const received = new Promise<string>((resolve) =>
    reader.onmessage = ({ data }) => {
      if ((data as string).includes("order")) resolve(data as string);
    }
  );
  await using client = connect(url, { dialect: "plain" });
  await Promise.all([reader.opened(), client.opened()]);
  client.send(
    '{"type":"order","id":12345678901234567000,"a":1,"a":2,"9":0,"1":0}',
  );
  assertEquals(
    await received,
    '{"1":0,"9":0,"type":"order","id":12345678901234567000,"a":2}',
  );
});

Deno.test("a number that a double does not hold is refused, and the connection continues", async () => {
  await using world = inMemory();
  const plain = world.plain();
  const v1 = await world.v1();
  for (const number of ["12345678901234567890", "1e400"]) {
    const message =
      `The number ${number} does not fit into a double: send it as text`;
    plain.send(`{"type":"order","id":${number}}`);
    v1.send(
      `{"type":"publish","id":7,"topic":"lobby","message":{"type":"order","n":${number}}}`,
    );
    v1.send(`{"type":"request","id":8,"method":"ask","data":[${number}]}`);
    const error = { type: "error", code: "invalid", message };
    assertEquals(plain.read(), [error]);
    assertEquals(
      v1.read(),
      [{ ...error, id: 7 }, { ...error, id: 8 }].map(
        ({ type, id, code, message }) => ({ type, id, code, message }),
      ),
    );
  }
  plain.send('{"type":"order","id":"12345678901234567890"}');
  world.flush();
  assertEquals(plain.read(), [{ type: "order", id: "12345678901234567890" }]);
});
