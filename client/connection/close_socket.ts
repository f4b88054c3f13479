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

/**
 * Closes a socket. Omits a code or a reason that a WebSocket would refuse, and never throws.
 *
 * A reason without a code is sent with 1000: Chromium refuses it otherwise, Firefox and WebKit drop the reason, and Deno sends a
 * malformed frame.
 */
export function closeSocket(
  socket: WebSocket,
  code: number | undefined,
  reason: string | undefined,
): void {
  const sentReason = fits(reason) ? reason || undefined : undefined;
  const sentCode = isSendable(code)
    ? code ?? (sentReason === undefined ? undefined : CloseCode.normal)
    : undefined;
  try {
    if (sentCode === undefined) socket.close();
    else if (sentReason === undefined) socket.close(sentCode);
    else socket.close(sentCode, sentReason);
  } catch {
    // A socket of another implementation may refuse more. The caller regards it as closed, or waits for its close event.
  }
}

function isSendable(code: number | undefined): boolean {
  return code === undefined || code === CloseCode.normal ||
    (code >= 3000 && code <= 4999);
}

function fits(reason: string | undefined): boolean {
  return reason === undefined || utf8Length(reason) <= MAX_REASON_BYTES;
}
