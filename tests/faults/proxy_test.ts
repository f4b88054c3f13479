import { assertEquals, assertRejects } from "@std/assert";
import { FaultProxy, type Link } from "./proxy.ts";

/** An echo server behind a proxy. */
class Echo implements AsyncDisposable {
  readonly proxy: FaultProxy;
  readonly #listener: Deno.TcpListener;
  readonly #serving: Promise<void>;
  readonly conns: Deno.TcpConn[] = [];

  constructor() {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.proxy = new FaultProxy({ port: this.#listener.addr.port });
    this.#serving = this.#serve();
  }

  /** Opens a connection. @returns the client's end and the proxy's link. */
  async connect(
    prepare: (link: Link) => void = () => {},
  ): Promise<{ conn: Deno.TcpConn; link: Link }> {
    const { promise, resolve } = Promise.withResolvers<Link>();
    this.proxy.onLink = (link) => {
      prepare(link);
      resolve(link);
    };
    const conn = await Deno.connect({
      hostname: "127.0.0.1",
      port: this.proxy.port,
    });
    this.conns.push(conn);
    return { conn, link: await promise };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const conn of this.conns) {
      try {
        conn.close();
      } catch {
        // The connection is closed already.
      }
    }
    await this.proxy[Symbol.asyncDispose]();
    this.#listener.close();
    await this.#serving;
  }

  async #serve(): Promise<void> {
    const echoes: Promise<void>[] = [];
    for await (const conn of this.#listener) echoes.push(echo(conn));
    await Promise.all(echoes);
  }
}

async function echo(conn: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(1024);
  try {
    for (;;) {
      const n = await conn.read(buffer);
      if (n === null) break;
      for (let w = 0; w < n;) w += await conn.write(buffer.subarray(w, n));
    }
  } catch {
    // The other side reset the connection.
  }
  conn.close();
}

const HELLO = new TextEncoder().encode("0123456789");

/** Reads up to `most` bytes. `|` stands for the end of the stream. */
async function take(conn: Deno.TcpConn, most: number): Promise<string> {
  const buffer = new Uint8Array(most);
  let text = "";
  try {
    while (text.length < most) {
      const n = await conn.read(buffer.subarray(text.length));
      if (n === null) return `${text}|`;
      text += new TextDecoder().decode(
        buffer.subarray(text.length, text.length + n),
      );
    }
  } catch {
    return `${text}|`;
  }
  return text;
}

Deno.test("a proxy without a fault passes every byte in both directions", async () => {
  await using echo = new Echo();
  const { conn, link } = await echo.connect();
  await conn.write(HELLO);
  assertEquals(await take(conn, 10), "0123456789");
  assertEquals([link.up.bytes, link.down.bytes], [10, 10]);
});

Deno.test("passes the end of one direction and continues with the other", async () => {
  await using echo = new Echo();
  const { conn, link } = await echo.connect();
  await conn.write(HELLO);
  await conn.closeWrite();
  assertEquals(await take(conn, 99), "0123456789|");
  await link.closed;
});

for (const bytes of [0, 1, 7]) {
  Deno.test(`disconnects after exactly ${bytes} bytes from the server`, async () => {
    await using echo = new Echo();
    const { conn, link } = await echo.connect(({ down }) =>
      down.disconnectAfter(bytes)
    );
    await conn.write(HELLO);
    assertEquals(await take(conn, 99), `${"0123456789".slice(0, bytes)}|`);
    await link.closed;
    assertEquals(link.down.bytes, bytes);
  });

  Deno.test(`disconnects after exactly ${bytes} bytes from the client`, async () => {
    await using echo = new Echo();
    const { conn, link } = await echo.connect(({ up }) =>
      up.disconnectAfter(bytes)
    );
    await conn.write(HELLO);
    await link.closed;
    assertEquals(link.up.bytes, bytes);
  });
}

Deno.test("counts the bytes before a disconnect from the call on", async () => {
  await using echo = new Echo();
  const { conn, link } = await echo.connect();
  await conn.write(HELLO);
  await take(conn, 10);
  link.down.disconnectAfter(3);
  await conn.write(HELLO);
  assertEquals(await take(conn, 99), "012|");
});

Deno.test("holds bytes back from freeze to unfreeze", async () => {
  await using echo = new Echo();
  const { conn, link } = await echo.connect();
  link.down.freeze();
  await conn.write(HELLO);
  // The bytes of a second connection show that the echo of the first one has had time to arrive.
  const other = await echo.connect();
  await other.conn.write(HELLO);
  assertEquals(await take(other.conn, 10), "0123456789");
  assertEquals(link.down.bytes, 0);
  link.unfreeze();
  assertEquals(await take(conn, 10), "0123456789");
});

Deno.test("disconnects a frozen link", async () => {
  await using echo = new Echo();
  const { conn, link } = await echo.connect();
  link.freeze();
  await conn.write(HELLO);
  link.disconnect();
  await link.closed;
  assertEquals(await take(conn, 99), "|");
  assertEquals(echo.proxy.links.size, 0);
});

Deno.test("half-closes one direction and continues with the other", async () => {
  await using echo = new Echo();
  const { conn, link } = await echo.connect();
  await link.down.halfClose();
  assertEquals(await take(conn, 99), "|");
  await conn.write(HELLO);
  await conn.closeWrite();
  link.disconnect();
  await link.closed;
});

Deno.test("delays and throttles every byte", async () => {
  await using echo = new Echo();
  const { conn, link } = await echo.connect();
  link.up.delayMs = 20;
  link.down.bytesPerSecond = 500;
  const start = performance.now();
  await conn.write(HELLO);
  assertEquals(await take(conn, 10), "0123456789");
  // 20 ms up, and 10 bytes at 500 a second down. A timer may be a millisecond early.
  assertEquals(performance.now() - start >= 38, true);
});

Deno.test("passes delayed bytes at once after heal", async () => {
  await using echo = new Echo();
  const { conn, link } = await echo.connect();
  link.down.delayMs = 3_600_000;
  await conn.write(HELLO);
  const other = await echo.connect();
  await other.conn.write(HELLO);
  await take(other.conn, 10);
  assertEquals(link.down.bytes, 0);
  echo.proxy.heal();
  assertEquals(await take(conn, 10), "0123456789");
});

Deno.test("closes refused connections at once, and connects new ones to a changed target", async () => {
  await using echo = new Echo();
  echo.proxy.refusing = true;
  const refused = await Deno.connect({
    hostname: "127.0.0.1",
    port: echo.proxy.port,
  });
  assertEquals(await take(refused, 99), "|");
  refused.close();
  assertEquals(echo.proxy.count, 0);
  await using other = new Echo();
  echo.proxy.refusing = false;
  echo.proxy.target = { port: other.proxy.port };
  const { conn } = await echo.connect();
  await conn.write(HELLO);
  assertEquals(await take(conn, 10), "0123456789");
  assertEquals(other.proxy.count, 1);
});

Deno.test("closes the client's connection when the target does not listen", async () => {
  await using echo = new Echo();
  const closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  echo.proxy.target = { port: closed.addr.port };
  closed.close();
  const conn = await Deno.connect({
    hostname: "127.0.0.1",
    port: echo.proxy.port,
  });
  assertEquals(await take(conn, 99), "|");
  conn.close();
});

Deno.test("closes every connection and the port on dispose", async () => {
  const echo = new Echo();
  const { conn } = await echo.connect();
  const { port } = echo.proxy;
  await echo[Symbol.asyncDispose]();
  await assertRejects(() => conn.read(new Uint8Array(1)));
  await assertRejects(() => Deno.connect({ hostname: "127.0.0.1", port }));
});
