import { assertEquals } from "@std/assert";
import { connect } from "../../../client.ts";
import { serve } from "../../../server.ts";

Deno.test("a message is stored as JSON.parse reads it: rounded integers, the last of equal keys, array indexes first", async () => {
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
    '{"type":"order","id":12345678901234567890,"e":1e400,"a":1,"a":2,"9":0,"1":0}',
  );
  assertEquals(
    await received,
    '{"1":0,"9":0,"type":"order","id":12345678901234567000,"e":null,"a":2}',
  );
});
