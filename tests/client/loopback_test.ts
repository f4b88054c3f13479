import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { connect, DrumbeatError } from "../../client.ts";
import { encodeBinary } from "../../messages.ts";
import { type AnyFrame, batch, start } from "./harness.ts";

/** Starts a server on the loopback, with real sockets on both ends. */
function listen(
  accepted: (socket: WebSocket) => void,
): { readonly url: string } & AsyncDisposable {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request) => {
      const protocol = request.headers.get("sec-websocket-protocol");
      const { socket, response } = Deno.upgradeWebSocket(
        request,
        protocol === null ? {} : { protocol },
      );
      socket.binaryType = "arraybuffer";
      accepted(socket);
      return response;
    },
  );
  return {
    url: `ws://127.0.0.1:${server.addr.port}/ws`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Waits for the next event of a type. */
function next<E extends Event>(target: EventTarget, type: string): Promise<E> {
  return new Promise((resolve) =>
    target.addEventListener(type, (event) => resolve(event as E), {
      once: true,
    })
  );
}

Deno.test("over real sockets: receives records, reconnects and resumes", async () => {
  const sockets: WebSocket[] = [];
  const hellos: AnyFrame[] = [];
  const published: AnyFrame[] = [];
  await using server = listen((socket) => {
    sockets.push(socket);
    socket.onmessage = ({ data }) => {
      const frame: AnyFrame = JSON.parse(data);
      if (frame.type === "ping") {
        socket.send(JSON.stringify({ type: "pong", time: frame.time }));
      }
      if (frame.type === "publish") {
        published.push(frame);
        socket.send(JSON.stringify({ type: "ack", id: frame.id, offset: 5 }));
      }
      if (frame.type !== "hello") return;
      hellos.push(frame);
      start(
        {
          emit: (answer: object) => socket.send(JSON.stringify(answer)),
        } as never,
        frame,
      );
      socket.send(
        JSON.stringify(
          batch("lobby", frame.topics.lobby.offset ?? 0, "a", "b"),
        ),
      );
    };
  });
  await using client = connect(server.url, { backoff: { minMs: 1 } });
  const lobby = client.topic("lobby");
  const iterator = lobby[Symbol.asyncIterator]();
  const offset = lobby.publish({ type: "chat", text: "hi" });
  const texts = async (): Promise<unknown[]> => {
    const [first, second] = [await iterator.next(), await iterator.next()];
    return [first, second].map(({ value }) =>
      value?.kind === "record" ? value.message.text : value
    );
  };
  assertEquals(await texts(), ["a", "b"]);
  assertEquals([await offset, published[0].message], [5, {
    type: "chat",
    text: "hi",
  }]);
  await next(client, "heartbeat");
  assertEquals(client.rttMs! > 0, true);

  sockets[0]!.close(1012, "restart");
  assertEquals(await texts(), ["a", "b"]);
  assertEquals(hellos.map(({ session, topics }) => [session, topics]), [
    [undefined, { lobby: {} }],
    ["me.secret", { lobby: { epoch: "e1", offset: 2 } }],
  ]);
  assertEquals(client.lastClose, {
    code: 1012,
    reason: "restart",
    wasClean: true,
  });
});

Deno.test("over real sockets: the plain dialect sends text, Blobs and buffers, and closes cleanly", async () => {
  const received: unknown[] = [];
  await using server = listen((socket) => {
    socket.onmessage = ({ data }) => {
      received.push(data);
      socket.send(data);
    };
  });
  const client = connect(server.url, {
    dialect: "plain",
    protocols: "echo",
    heartbeat: false,
  });
  client.send("text");
  client.send(new Blob([new Uint8Array([1, 2])]));
  client.send(new Uint8Array([3]));
  const echoed: unknown[] = [];
  await new Promise<void>((resolve) => {
    client.onmessage = ({ data }) => echoed.push(data) === 3 && resolve();
  });
  assertEquals(received, [
    "text",
    new Uint8Array([1, 2]).buffer,
    new Uint8Array([3]).buffer,
  ]);
  assertEquals([echoed[0], client.protocol], ["text", "echo"]);
  assertInstanceOf(echoed[1], Blob);
  const closed = next<CloseEvent>(client, "close");
  client.close(3333, "done");
  const { code, reason, wasClean } = await closed;
  assertEquals([code, reason, wasClean, client.readyState], [
    3333,
    "done",
    true,
    3,
  ]);
});

Deno.test("over real sockets: does not reconnect to a server that refuses after the upgrade", async () => {
  await using server = listen((socket) => {
    socket.onopen = () => socket.close(4501, "no token");
  });
  const client = connect(server.url);
  const { code, reason } = await next<CloseEvent>(client, "close");
  assertEquals([code, reason, client.state], [4501, "no token", "closed"]);
});

Deno.test("over real sockets: receives a binary record of 100,000 bytes", async () => {
  await using server = listen((socket) => {
    socket.onmessage = ({ data }) => {
      const frame: AnyFrame = JSON.parse(data);
      if (frame.type !== "hello") return;
      start(
        {
          emit: (answer: object) => socket.send(JSON.stringify(answer)),
        } as never,
        frame,
      );
      const header =
        '{"type":"batch","topic":"lobby","offset":0,"messages":[{"from":"you","at":1}]}';
      socket.send(encodeBinary(header, new Uint8Array(100_000).fill(7)));
    };
  });
  await using client = connect(server.url);
  const bytes = await new Promise<Uint8Array>((resolve) =>
    client.topic("lobby").onBinary(resolve)
  );
  assertEquals([bytes.length, bytes[99_999]], [100_000, 7]);
});

Deno.test("over real sockets: reconnects after a refused handshake", async () => {
  let requests = 0;
  await using server = Deno.serve({
    port: 0,
    hostname: "127.0.0.1",
    onListen() {},
  }, (request) => {
    if (++requests === 1) return new Response("full", { status: 503 });
    return Deno.upgradeWebSocket(request).response;
  });
  await using client = connect(`ws://127.0.0.1:${server.addr.port}/`, {
    dialect: "plain",
    backoff: { minMs: 1 },
  });
  await next(client, "error");
  assertEquals(client.lastClose?.code, 1006);
  await client.opened();
  assertEquals(requests, 2);
});

Deno.test("over real sockets: a refused handshake names the HTTP status", async () => {
  await using server = Deno.serve({
    port: 0,
    hostname: "127.0.0.1",
    onListen() {},
  }, () => new Response("full", { status: 503 }));
  const client = connect(`ws://127.0.0.1:${server.addr.port}/`, {
    backoff: { attempts: 0 },
  });
  const error = await assertRejects(
    () => client.opened(),
    DrumbeatError,
    "Cannot connect: the connection closed with 1006",
  );
  assertStringIncludes(error.message, "503");
  assertInstanceOf(error.cause, Error);
  assertStringIncludes(error.cause.message, "503");
  assertEquals(client.lastClose?.cause, error.cause);
});
