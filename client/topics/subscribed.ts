import {
  DrumbeatError,
  type ErrorCode,
  isCount,
  type Subscribed,
} from "../../messages.ts";

/**
 * Reads the server's answer to one topic of a hello.
 *
 * @param topic the topic's name.
 * @param answer any value, as the server may be hostile. A value without a position counts as a refusal.
 * @returns the start of the subscription, or the server's error.
 */
export function readSubscribed(
  topic: string,
  answer: unknown,
): Subscribed | DrumbeatError {
  const { error, epoch, offset, head = offset, recovered }: Partial<
    Record<keyof Subscribed | "error", unknown>
  > = typeof answer === "object" && answer !== null ? answer : {};
  if (typeof epoch === "string" && isCount(offset) && isCount(head)) {
    return { epoch, offset, head, recovered: recovered === true };
  }
  const code = typeof error === "string" ? error as ErrorCode : "unavailable";
  return new DrumbeatError(code, `Cannot subscribe to '${topic}': ${code}`);
}
