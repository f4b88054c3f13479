/**
 * Explanations of why a message was not delivered.
 * @module
 */
import { DrumbeatError } from "../../client.ts";

/**
 * Explains a failed publish.
 *
 * @param error the error, or its code.
 * @returns a sentence that starts with a lowercase letter.
 */
export function failureText(error: unknown): string {
  const code = error instanceof DrumbeatError ? error.code : error;
  switch (code) {
    case "indeterminate":
      return "the message was sent, but the server's answer was not received: it may have been stored.";
    case "limit":
      return "too many messages are waiting.";
    case "timeout":
      return "there was no connection in time.";
    case "closed":
      return "the connection is closed.";
    case "large":
      return "the message is larger than the server accepts.";
    case "unsupported":
      return "the server does not accept messages of this type.";
    case "forbidden":
      return "the server does not allow this page to publish here.";
    case "invalid":
      return "the message does not match the server's contract.";
    case "dropped":
      return "its data could not be read.";
    default:
      return error instanceof DrumbeatError || typeof error === "string"
        ? `the server rejected the message (${code}).`
        : String(error);
  }
}
