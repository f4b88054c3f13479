import { CloseCode, utf8Length } from "../../messages.ts";

/** Longest reason of a close frame in UTF-8 bytes: RFC 6455 section 5.5. */
const MAX_REASON_BYTES = 123;

/**
 * Checks what `close` was given, as a WebSocket does.
 *
 * @throws {DOMException} `InvalidAccessError` for a code that programs may not send, `SyntaxError` for a reason that is too
 * long.
 */
export function checkClose(
  code: number | undefined,
  reason: string | undefined,
): void {
  if (!mayBeSent(code)) {
    throw new DOMException(
      `Cannot close with ${code}: only 1000 and 3000 to 4999 may be sent`,
      "InvalidAccessError",
    );
  }
  if (!fits(reason)) {
    throw new DOMException(
      `Cannot close: the reason is above ${MAX_REASON_BYTES} bytes`,
      "SyntaxError",
    );
  }
}

/** Closes a socket with whatever this side has come to. What may not be sent is left out: closing never throws. */
export function closeSocket(
  socket: WebSocket,
  code: number | undefined,
  reason: string | undefined,
): void {
  if (mayBeSent(code)) socket.close(code, fits(reason) ? reason : undefined);
  else socket.close();
}

function mayBeSent(code: number | undefined): boolean {
  return code === undefined || code === CloseCode.normal ||
    (code >= 3000 && code <= 4999);
}

function fits(reason: string | undefined): boolean {
  return reason === undefined || utf8Length(reason) <= MAX_REASON_BYTES;
}
