import { DrumbeatError, type DrumbeatErrorCode } from "../../messages.ts";
import type { PendingReply } from "../requests/pending_replies.ts";
import type { Body, OutgoingMessage } from "./outgoing_message.ts";

/** A message in the outbox. */
export interface OutboxEntry extends OutgoingMessage, PendingReply {
  /** The content; `undefined` while a Blob is being read. */
  ready: Body | undefined;
  /** The id of its first frame; it stays the same when the message is sent again. */
  id: number | undefined;
  /** True once the message may have reached the server: from then on, only an answer settles its outcome. */
  isSent: boolean;
  /** True once the message is to be sent again: the server may have stored it the first time. */
  isRepeated: boolean;
  /** True once the program has its result. The message still counts as unsettled, and is not sent again. */
  isAbandoned: boolean;
  readonly deadline: number;
  unwatch(): void;
}

/** Returns the error of a message that the outbox drops. @param why the cause, for people. */
export function droppedError(
  { topic }: OutboxEntry,
  reason: DrumbeatErrorCode,
  why: string,
  cause?: unknown,
): DrumbeatError {
  const action = topic === "" ? "Cannot send" : `Cannot publish to '${topic}'`;
  const options = cause === undefined ? {} : { cause };
  return new DrumbeatError(reason, `${action}: ${why}`, options);
}

/**
 * Returns the error of a repeated message that the server refuses. The refusal concerns the second frame: rules, contracts,
 * or the state of the store may have changed since the first one.
 */
export function refusedRepeat(
  { topic }: OutboxEntry,
  cause: DrumbeatError,
): DrumbeatError {
  return new DrumbeatError(
    "indeterminate",
    `Cannot publish to '${topic}': the message was sent again after a reconnect, and refused (${cause.code})`,
    { cause },
  );
}
