import { assert, assertEquals, assertGreater } from "@std/assert";
import type { Inbound, Socket } from "../../hub/socket.ts";

/** The data of a WebSocket message. */
export type Data = string | Uint8Array<ArrayBuffer>;

/** The other side of a socket under test. */
export interface FarEnd {
  /** Resolves with the next message. */
  receive(): Promise<Data>;
  /** Resolves with the code and reason of the close frame. */
  closed(): Promise<{ readonly code: number; readonly reason: string }>;
  /** Resolves at the end of the stream, and ignores what precedes it. */
  ended(): Promise<void>;
  send(data: Data): void | Promise<void>;
  /** Sends a close frame, as an answer or as the first. */
  close(code: number, reason: string): void | Promise<void>;
  /** Drops the connection without a close frame. */
  drop(): void;
}

/** A socket under test, open and attached. */
export interface SocketRig extends AsyncDisposable {
  readonly socket: Socket;
  readonly far: FarEnd;
  /** `true` with a transport in between, which buffers data that the far end does not read. */
  readonly stalls: boolean;
}

/** The calls of the transport. */
interface Calls {
  readonly data: Data[];
  readonly closes: { readonly code: number; readonly reason: string }[];
  /** Resolves at the next call. */
  more(): Promise<void>;
}

/**
 * Registers the tests that every implementation of the hub's Socket port has to pass.
 *
 * @param name the implementation's name.
 * @param make connects a socket to a far end, and calls `attach` as a hub's.
 */
export function socketConformance(
  name: string,
  make: (attach: (socket: Socket) => Inbound) => Promise<SocketRig>,
): void {
  function test(
    words: string,
    run: (rig: SocketRig & { readonly calls: Calls }) => Promise<void>,
  ): void {
    Deno.test(`${name} ${words}`, async () => {
      let wake = () => {};
      const calls: Calls = {
        data: [],
        closes: [],
        more: () => new Promise((resolve) => wake = resolve),
      };
      const rig = await make(() => ({
        receive(data) {
          calls.data.push(data);
          wake();
        },
        closed(code, reason) {
          calls.closes.push({ code, reason });
          wake();
        },
      }));
      try {
        await run(
          {
            socket: rig.socket,
            far: rig.far,
            stalls: rig.stalls,
            calls,
          } as SocketRig & { calls: Calls },
        );
      } finally {
        await rig[Symbol.asyncDispose]();
      }
    });
  }

  async function until(calls: Calls, holds: () => boolean): Promise<void> {
    while (!holds()) await calls.more();
  }

  test("is open from the start, with an empty buffer", ({ socket }) => {
    assertEquals([socket.open, socket.bufferedAmount], [true, 0]);
    return Promise.resolve();
  });

  test("sends text as text and bytes as binary, in order", async ({ socket, far }) => {
    const sent: Data[] = [
      "a",
      Uint8Array.of(1, 2),
      "",
      new Uint8Array(0),
      "grüße 🥁",
      "x".repeat(70_000),
    ];
    for (const data of sent) socket.send(data);
    for (const data of sent) assertEquals(await far.receive(), data);
  });

  test("sends only the given part of a buffer", async ({ socket, far }) => {
    socket.send(Uint8Array.of(1, 2, 3, 4, 5).subarray(1, 3));
    assertEquals(await far.receive(), Uint8Array.of(2, 3));
  });

  test("receives text as a string and binary as bytes, in order", async ({ far, calls }) => {
    const sent: Data[] = [
      "a",
      Uint8Array.of(1, 2),
      "",
      "grüße 🥁",
      new Uint8Array(70_000),
    ];
    for (const data of sent) await far.send(data);
    await until(calls, () => calls.data.length === sent.length);
    assertEquals(calls.data, sent);
  });

  for (
    const code of [
      1000,
      1001,
      1009,
      1011,
      1012,
      1013,
      4001,
      4002,
      4408,
      4500,
      4506,
    ]
  ) {
    test(`closes with ${code}`, async ({ socket, far }) => {
      socket.close(code, "because");
      assertEquals(await far.closed(), { code, reason: "because" });
    });
  }

  test("closes with a reason of 123 bytes", async ({ socket, far }) => {
    const reason = "ü".repeat(61);
    socket.close(4000, reason);
    assertEquals((await far.closed()).reason, reason);
  });

  test("sends earlier messages before the close frame", async ({ socket, far }) => {
    socket.send("last words");
    socket.close(1000, "");
    assertEquals(await far.receive(), "last words");
    assertEquals((await far.closed()).code, 1000);
  });

  test("accepts a second close and a later send without an error", async ({ socket, far }) => {
    socket.close(4000, "first");
    socket.close(4001, "second");
    socket.send("too late");
    assertEquals(socket.open, false);
    assertEquals((await far.closed()).code, 4000);
  });

  test("reports the end when the far end has answered the close", async ({ socket, far, calls }) => {
    socket.close(4000, "bye");
    await far.closed();
    await far.close(4000, "bye");
    await until(calls, () => calls.closes.length > 0);
  });

  test("reports the code and the reason of the far end's close", async ({ socket, far, calls }) => {
    await far.close(4321, "done here");
    await until(calls, () => calls.closes.length > 0);
    assertEquals(calls.closes[0], { code: 4321, reason: "done here" });
    socket.send("too late");
    assertEquals(socket.open, false);
  });

  test("reports a dropped connection with 0 or 1006", async ({ socket, far, calls }) => {
    far.drop();
    await until(calls, () => calls.closes.length > 0);
    assert([0, 1006].includes(calls.closes[0]!.code));
    socket.send("too late");
    socket.close(1000, "");
    assertEquals(socket.open, false);
  });

  test("drops a connection, if it can, and reports the end once", async ({ socket, far, calls }) => {
    const can = socket.terminate();
    assertEquals(typeof can, "boolean");
    if (can) {
      assertEquals(socket.open, false);
      await far.ended();
    }
    far.drop();
    await until(calls, () => calls.closes.length > 0);
    socket.send("too late");
    socket.close(1000, "");
    if (can) assertEquals([socket.terminate(), calls.closes.length], [true, 1]);
  });

  test("drops a connection whose close was not answered, if it can", async ({ socket, far, calls }) => {
    socket.close(4001, "silent");
    assertEquals((await far.closed()).code, 4001);
    if (socket.terminate()) await far.ended();
    far.drop();
    await until(calls, () => calls.closes.length > 0);
    assertEquals(calls.data, []);
  });

  test("sends nothing after its close frame", async ({ socket, far, calls }) => {
    socket.close(4000, "");
    socket.send("too late");
    assertEquals((await far.closed()).code, 4000);
    socket.send("later still");
    await far.close(4000, "");
    await until(calls, () => calls.closes.length > 0);
    await far.ended();
  });

  test("reports the bytes that it buffers for a peer that does not read, until it reads", async ({ socket, far, stalls }) => {
    if (!stalls) return;
    const sent = await fill(socket);
    let received = 0;
    while (received < sent) received += (await far.receive()).length;
    assertEquals(received, sent);
    while (socket.bufferedAmount > 0) await turn();
  });

  test("drops a connection whose buffers are full, if it can", async ({ socket, far, stalls, calls }) => {
    if (!stalls) return;
    await fill(socket);
    if (!socket.terminate()) return;
    await until(calls, () => calls.closes.length > 0);
    await far.ended();
    assertEquals(calls.closes.length, 1);
  });
}

/** Sends until the transport buffers data: the kernel buffers some MiB first. @returns the length of what was sent. */
async function fill(socket: Socket): Promise<number> {
  const chunk = "x".repeat(256 * 1024);
  let sent = 0;
  for (let i = 0; i < 512 && socket.bufferedAmount === 0; i++) {
    for (let j = 0; j < 8; j++, sent += chunk.length) socket.send(chunk);
    await turn();
  }
  assertGreater(socket.bufferedAmount, 0);
  return sent;
}

/** Resolves after one turn of the event loop, which reads its sockets. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
