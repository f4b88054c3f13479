import { DrumbeatError } from "../../messages.ts";
import type { ConnectionClose } from "./connection.ts";

/**
 * Creates the error of an operation on a closed client.
 *
 * @param action the action, which begins the message.
 * @param close the close after which the client does not reconnect; `undefined` if the program closed the client.
 * @returns an error with the code `closed`, which names the close code and the reason, and has the runtime's error as cause.
 */
export function closeError(
  action: string,
  close: ConnectionClose | undefined,
): DrumbeatError {
  if (close === undefined) {
    return new DrumbeatError("closed", `${action}: the client is closed`);
  }
  const { code, reason, cause } = close;
  const details = [reason, cause instanceof Error ? cause.message : cause]
    .filter((text, index, all) =>
      text !== undefined && text !== "" && all.indexOf(text) === index
    );
  return new DrumbeatError(
    "closed",
    [`${action}: the connection closed with ${code}`, ...details].join(", "),
    cause === undefined ? {} : { cause },
  );
}
