import { assert, assertEquals } from "@std/assert";
import { test } from "./transports.ts";

// These clients are pages that use WebSocket alone, without a module of Drumbeat.

test("a page of five lines receives start, pong and chat messages", async ({ serve }) => {
  await using server = await serve({ port: 0 });
  const url = `ws://127.0.0.1:${server.addr.port}`;
  const lines: { type: string; time?: number; text?: string }[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();

  const socket = new WebSocket(url);
  socket.onopen = () => socket.send('{"type":"ping"}');
  socket.onmessage = ({ data }) => {
    lines.push(JSON.parse(data));
    if (lines.length === 2) socket.send('{"type":"chat","text":"hello"}');
    if (lines.length === 3) socket.close();
  };
  socket.onclose = () => resolve();

  await promise;
  const [start, pong, chat] = lines;
  assertEquals(start?.type, "start");
  assert(Math.abs(Date.now() - start!.time!) < 10_000);
  assertEquals(pong?.type, "pong");
  assert(Math.abs(Date.now() - pong!.time!) < 10_000);
  assertEquals(chat, { type: "chat", text: "hello" });
});

for (const path of ["/ws", "/"]) {
  test(`JSON and binary messages reach every peer on ${path}`, async ({ serve }) => {
    await using server = await serve({ port: 0 });
    const url = `ws://127.0.0.1:${server.addr.port}${path}`;
    const [a, b] = [new WebSocket(url), new WebSocket(url)];
    const received = { a: [] as unknown[], b: [] as unknown[] };
    const { promise, resolve } = Promise.withResolvers<void>();
    const record = (list: unknown[]) => ({ data }: MessageEvent) => {
      list.push(
        data instanceof ArrayBuffer
          ? [...new Uint8Array(data)]
          : JSON.parse(data).type,
      );
      if (received.a.length === 3 && received.b.length === 3) resolve();
      if (
        received.a.length === 1 && received.b.length === 1 && list.length === 1
      ) {
        a.send(JSON.stringify({ type: "chat" }));
        a.send(Uint8Array.of(1, 2, 3));
      }
    };
    for (const socket of [a, b]) socket.binaryType = "arraybuffer";
    a.onmessage = record(received.a);
    b.onmessage = record(received.b);
    await promise;
    assertEquals(received, {
      a: ["start", "chat", [1, 2, 3]],
      b: ["start", "chat", [1, 2, 3]],
    });
    for (const socket of [a, b]) {
      const closed = new Promise((resolve) => socket.onclose = resolve);
      socket.close();
      await closed;
    }
  });
}

test("invalid messages of a page are errors, and the connection stays open", async ({ serve }) => {
  await using server = await serve({ port: 0 });
  const socket = new WebSocket(`ws://127.0.0.1:${server.addr.port}`);
  const codes: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.onopen = () => {
    for (
      const text of [
        "hello",
        '{"text":"hello"}',
        '{"type":"start"}',
        '{"type":"ping"}',
      ]
    ) {
      socket.send(text);
    }
  };
  socket.onmessage = ({ data }) => {
    const { type, code } = JSON.parse(data);
    codes.push(code ?? type);
    if (type === "pong") socket.close();
  };
  socket.onclose = () => resolve();
  await promise;
  assertEquals(codes, ["start", "malformed", "malformed", "invalid", "pong"]);
});
