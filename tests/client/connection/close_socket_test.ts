import { assertEquals, assertThrows } from "@std/assert";
import {
  checkClose,
  closeSocket,
} from "../../../client/connection/close_socket.ts";
import { FakeSocket } from "../fake_socket.ts";

Deno.test("accepts the close codes 1000 and 3000 to 4999 only", () => {
  for (const code of [undefined, 1000, 3000, 4999]) checkClose(code, undefined);
  for (const code of [0, 999, 1001, 1005, 2999, 5000, NaN]) {
    const error = assertThrows(() => checkClose(code, undefined), DOMException);
    assertEquals(error.name, "InvalidAccessError");
  }
});

Deno.test("accepts a reason of at most 123 bytes in UTF-8", () => {
  checkClose(1000, "x".repeat(123));
  checkClose(undefined, "ü".repeat(61));
  for (const reason of ["x".repeat(124), "ü".repeat(62)]) {
    const error = assertThrows(() => checkClose(1000, reason), DOMException);
    assertEquals(error.name, "SyntaxError");
  }
});

Deno.test("omits a code or reason that a WebSocket refuses", () => {
  const closedWith = (
    code: number | undefined,
    reason: string | undefined,
  ): unknown => {
    const socket = new FakeSocket("ws://hub.test/");
    closeSocket(socket as unknown as WebSocket, code, reason);
    return socket.closedWith;
  };
  assertEquals(closedWith(4001, "silent"), { code: 4001, reason: "silent" });
  assertEquals(closedWith(1006, "network"), {});
  assertEquals(closedWith(4500, "x".repeat(200)), { code: 4500 });
  assertEquals(closedWith(undefined, undefined), {});
  assertEquals(closedWith(undefined, ""), {});
});

Deno.test("sends a reason without a code with 1000, because Chromium refuses it alone", () => {
  const calls: unknown[][] = [];
  const socket = { close: (...args: unknown[]) => calls.push(args) };
  closeSocket(socket as unknown as WebSocket, undefined, "bye");
  closeSocket(socket as unknown as WebSocket, undefined, "");
  assertEquals(calls, [[1000, "bye"], []]);
});

Deno.test("a socket that throws when it is closed does not throw through", () => {
  const socket = {
    close() {
      throw new DOMException("No", "InvalidAccessError");
    },
  };
  closeSocket(socket as unknown as WebSocket, 1000, "bye");
});
