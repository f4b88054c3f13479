import { CloseCode, utf8Length } from "../../messages.ts";

/** The longest reason of a close frame in UTF-8 bytes: RFC 6455 section 5.5. */
const MAX_REASON_BYTES = 123;

/**
 * Checks the arguments of `close`, as a WebSocket does.
 *
 * @param code the close code, or `undefined` for none.
 * @param reason the close reason, or `undefined` for none.
 * @throws {DOMException} `InvalidAccessError` for a code that programs may not send, `SyntaxError` for a reason that is too
 * long.
 */
export function checkClose(
  code: number | undefined,
  reason: string | undefined,
): void {
  if (!isSendable(code)) {
    throw new DOMException(
      `Cannot close with ${code}: the code must be 1000 or from 3000 to 4999`,
      "InvalidAccessError",
    );
  }
  if (!fits(reason)) {
    throw new DOMException(
      `Cannot close: the reason is longer than ${MAX_REASON_BYTES} bytes`,
      "SyntaxError",
    );
  }
}

/** Closes a socket and omits a code or a reason that a WebSocket would refuse with an exception. */
export function closeSocket(
  socket: WebSocket,
  code: number | undefined,
  reason: string | undefined,
): void {
  if (isSendable(code)) socket.close(code, fits(reason) ? reason : undefined);
  else socket.close();
}

function isSendable(code: number | undefined): boolean {
  return code === undefined || code === CloseCode.normal ||
    (code >= 3000 && code <= 4999);
}

function fits(reason: string | undefined): boolean {
  return reason === undefined || utf8Length(reason) <= MAX_REASON_BYTES;
}
