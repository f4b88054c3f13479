import type { AnyMessages, MessageMap, Validator } from "../../messages.ts";
import type { Peer } from "../peer.ts";

/**
 * The context of a request that a handler receives.
 *
 * @typeParam M the message types.
 * @typeParam Auth the `auth` of the grants that `authorize` returns.
 * @typeParam State the program's own data of each peer.
 */
export interface RequestContext<
  M extends MessageMap = AnyMessages,
  Auth = unknown,
  State = unknown,
> {
  /** The peer that sent the request. */
  readonly peer: Peer<M, Auth, State>;
  /** The request's method. */
  readonly method: string;
  /**
   * Aborts when the reply is no longer needed: the peer's connection was closed (`AbortError`), or `limits.requestMs` has
   * passed (`TimeoutError`).
   */
  readonly signal: AbortSignal;
}

/**
 * Handles a request. The return value, or what the returned promise resolves to, is the reply. A thrown
 * {@linkcode DrumbeatError} with a code of the protocol is sent to the client; any other error is reported to `onError`, with
 * the stage `handler`, and the client receives the code `failed` without its message.
 *
 * @typeParam Data the request's data.
 * @typeParam Reply the reply's data.
 * @typeParam Context the peer, the method and a signal.
 */
export type RequestHandler<Data, Reply, Context = RequestContext> = (
  data: Data,
  context: Context,
) => Reply | Promise<Reply>;

/** Options of `hub.handle`. */
export interface HandleOptions {
  /**
   * Removes the handler when it aborts. With a signal that is aborted already, no handler is added.
   *
   * @default none
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * Checks the data of a method that the contract does not name.
   *
   * @default the contract's validator
   */
  readonly data?: Validator | undefined;
}
