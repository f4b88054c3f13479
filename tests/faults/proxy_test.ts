import { assertEquals, assertRejects } from "@std/assert";
import { FaultProxy, type Link } from "./proxy.ts";

/** A server that gives back what it gets, behind a proxy, and one connection to it. */
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

  /** A connection, and what the proxy has of it. */
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
        // Closed already.
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
    // Reset: the other side is gone.
  }
  conn.close();
}

const HELLO = new TextEncoder().encode("0123456789");

/** Reads so many bytes, or up to the end. */
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

Deno.test("a proxy without a fault passes everything, both ways", async () => {
  await using echo = new Echo();
  const { conn, link } = await echo.connect();
  await conn.write(HELLO);
  assertEquals(await take(conn, 10), "0123456789");
  assertEquals([link.up.bytes, link.down.bytes], [10, 10]);
});

Deno.test("an end passes too, and the other direction goes on", async () => {
  await using echo = new Echo();
  const { conn, link } = await echo.connect();
  await conn.write(HELLO);
  await conn.closeWrite();
  assertEquals(await take(conn, 99), "0123456789|");
  await link.over;
});

for (const bytes of [0, 1, 7]) {
  Deno.test(`cut after ${bytes} bytes from the server, not one byte more arrives`, async () => {
    await using echo = new Echo();
    const { conn, link } = await echo.connect(({ down }) =>
      down.cutAfter(bytes)
    );
    await conn.write(HELLO);
    assertEquals(await take(conn, 99), `${"0123456789".slice(0, bytes)}|`);
    await link.over;
    assertEquals(link.down.bytes, bytes);
  });

  Deno.test(`cut after ${bytes} bytes from the client, not one byte more goes through`, async () => {
    await using echo = new Echo();
    const { conn, link } = await echo.connect(({ up }) => up.cutAfter(bytes));
    await conn.write(HELLO);
    await link.over;
    assertEquals(link.up.bytes, bytes);
  });
}

Deno.test("a cut counts from where it is set", async () => {
  await using echo = new Echo();
  const { conn, link } = await echo.connect();
  await conn.write(HELLO);
  await take(conn, 10);
  link.down.cutAfter(3);
  await conn.write(HELLO);
  assertEquals(await take(conn, 99), "012|");
});

Deno.test("what is frozen arrives when it thaws, and nothing before", async () => {
  await using echo = new Echo();
  const { conn, link } = await echo.connect();
  link.down.freeze();
  await conn.write(HELLO);
  // It went up and came back; a second connection that is not frozen is served meanwhile.
  const other = await echo.connect();
  await other.conn.write(HELLO);
  assertEquals(await take(other.conn, 10), "0123456789");
  assertEquals(link.down.bytes, 0);
  link.thaw();
  assertEquals(await take(conn, 10), "0123456789");
});

Deno.test("a frozen connection can be cut", async () => {
  await using echo = new Echo();
  const { conn, link } = await echo.connect();
  link.freeze();
  await conn.write(HELLO);
  link.cut();
  await link.over;
  assertEquals(await take(conn, 99), "|");
  assertEquals(echo.proxy.links.size, 0);
});

Deno.test("half closed, one direction ends and the other goes on", async () => {
  await using echo = new Echo();
  const { conn, link } = await echo.connect();
  await link.down.halfClose();
  assertEquals(await take(conn, 99), "|");
  await conn.write(HELLO);
  await conn.closeWrite();
  link.cut();
  await link.over;
});

Deno.test("held back and slowed down, everything arrives all the same, not sooner", async () => {
  await using echo = new Echo();
  const { conn, link } = await echo.connect();
  link.up.delayMs = 20;
  link.down.bytesPerSecond = 500;
  const start = performance.now();
  await conn.write(HELLO);
  assertEquals(await take(conn, 10), "0123456789");
  // 20 ms up, 10 bytes at 500 a second down; timers may be a millisecond early.
  assertEquals(performance.now() - start >= 38, true);
});

Deno.test("healed, a connection that was held back for long goes on at once", async () => {
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

Deno.test("refused connections are dropped at once, and the target may change", async () => {
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

Deno.test("where nobody listens, the client is dropped", async () => {
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

Deno.test("when the proxy ends, so do its connections and its port", async () => {
  const echo = new Echo();
  const { conn } = await echo.connect();
  const { port } = echo.proxy;
  await echo[Symbol.asyncDispose]();
  await assertRejects(() => conn.read(new Uint8Array(1)));
  await assertRejects(() => Deno.connect({ hostname: "127.0.0.1", port }));
});
