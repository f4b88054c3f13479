import type { InputsOf, MessageMap } from "./message_map.ts";
import type { Issue } from "./validator.ts";
import type { ErrorCode } from "./wire.ts";

/** Any message type with any fields: the messages of a hub or client without a contract. */
export type AnyMessages = Record<string, Record<string, unknown>>;

/**
 * The message types that a contract names; `never` for {@linkcode AnyMessages}.
 *
 * @typeParam M the message types.
 */
export type NamedType<M extends MessageMap> =
  & string
  & keyof {
    [K in keyof M as string extends K ? never : number extends K ? never : K]:
      1;
  };

/**
 * A message type that an open contract does not name. TypeScript has no type for "any string but these", so this is a
 * pattern that no name matches: it lets `message.type === "chat"` narrow to the fields of `chat`, and a comparison with a
 * type that the contract does not name does not compile. Receive such a type with `on`, or add it to the contract.
 */
export type OtherType = `${string}\u0000`;

/**
 * A message of one of the types of `M`: `{ type, …fields }`. A comparison of `type` with a name of the contract narrows it
 * to the fields of that type.
 *
 * @typeParam M the message types.
 * @typeParam T the types among them. Default: all.
 */
export type MessageOf<
  M extends MessageMap,
  T extends keyof M & string = keyof M & string,
> = string extends T
  ? [NamedType<M>] extends [never] ? { readonly type: string } & M[string]
  :
    | { [K in NamedType<M>]: { readonly type: K } & M[K] }[NamedType<M>]
    | ({ readonly type: OtherType } & M[string])
  : { [K in T]: { readonly type: K } & M[K] }[T];

/**
 * A message to publish: its fields are those that the contract's validator takes. Its `type` selects the fields: a `type` that may be one of several, with the fields of only one of
 * them, does not compile. With an open contract, types that it does not name have any fields.
 *
 * @typeParam M the message types.
 * @typeParam T the type of this message, inferred from its `type`.
 */
export type MessageInput<M extends MessageMap, T extends keyof M & string> =
  & { readonly type: T }
  & MessageOf<InputsOf<M>, T & keyof InputsOf<M>>;

/** Why a contract refuses a value. */
export interface ContractRefusal {
  /** Discriminates from an accepted value. */
  readonly ok: false;
  /** `unsupported`: the contract does not name the message type or the method; `invalid`: any other reason. */
  readonly code: Extract<ErrorCode, "invalid" | "unsupported">;
  /** The reason, for people. */
  readonly message: string;
  /** The validator's issues, if it gave any. */
  readonly issues?: readonly Issue[];
}

/**
 * The result of {@linkcode Contract.check}: the message to store, or the refusal.
 *
 * @typeParam M the message types.
 */
export type Checked<M extends MessageMap> =
  | { readonly ok: true; readonly message: MessageOf<M> }
  | ContractRefusal;

/** The result of a check of data: the validator's output, or the refusal. */
export type CheckedData =
  | { readonly ok: true; readonly value: unknown }
  | ContractRefusal;

/** The types of a request: its data, its reply, and, if schemas transform, the types that they take. */
export interface RequestTypes {
  /** The data that the hub's handler receives. */
  readonly data: unknown;
  /** The reply that the client receives. */
  readonly reply: unknown;
  /** The data that the client sends, if it differs from `data`. */
  readonly dataInput?: unknown;
  /** The reply that the hub's handler returns, if it differs from `reply`. */
  readonly replyInput?: unknown;
}

/** The methods of requests, with the types of their data and replies. */
export type RequestMap = { [method: string]: RequestTypes };

/**
 * The data that a client sends with a request.
 *
 * @typeParam Q the request's types.
 */
export type RequestInputOf<Q extends RequestTypes> = Q extends
  { readonly dataInput: infer Input } ? Input : Q["data"];

/**
 * The reply that a handler of the hub returns.
 *
 * @typeParam Q the request's types.
 */
export type ReplyInputOf<Q extends RequestTypes> = Q extends
  { readonly replyInput: infer Input } ? Input : Q["reply"];

/** Any method with any data and reply: the requests of a contract without `requests`. */
export type AnyRequests = Record<
  string,
  { readonly data: unknown; readonly reply: unknown }
>;

/**
 * The messages, requests and presence data that peers may send, and their checks. Made by {@linkcode defineMessages}.
 *
 * @typeParam M the message types and their fields.
 * @typeParam R the request methods, with their data and replies.
 * @typeParam P the data of a member of a topic's presence.
 */
export interface Contract<
  M extends MessageMap = AnyMessages,
  R extends RequestMap = AnyRequests,
  P = unknown,
> {
  /** The message types that the contract names. */
  readonly types: ReadonlySet<string>;
  /** `true` if messages of other types pass unchecked. */
  readonly open: boolean;
  /** Carries the methods' types. Always absent at run time. */
  readonly requests?: R;
  /** Carries the type of presence data. Always absent at run time. */
  readonly presence?: P;
  /**
   * Checks a message.
   *
   * @param message any value.
   * @returns the message with the validator's output as its fields, or the refusal.
   * @throws {TypeError} when the validator returns a promise: waiting for it would reorder messages.
   */
  check(message: unknown): Checked<M>;
  /**
   * Checks a message that the hub has stored: its type, and its fields if their validator is a type guard. A schema checks
   * and transforms what is published; it does not describe its own output.
   *
   * @param message any value.
   * @returns the message as it is, or the refusal.
   * @throws {TypeError} when the type guard returns a promise.
   */
  checkStored(message: unknown): Checked<M>;
  /**
   * Checks the data of a request.
   *
   * @param method the request's method.
   * @param data any value.
   * @returns the validator's output, or the refusal.
   * @throws {TypeError} when the validator returns a promise.
   */
  checkRequest(method: string, data: unknown): CheckedData;
  /**
   * Checks the reply to a request.
   *
   * @param method the request's method.
   * @param data any value.
   * @returns the validator's output, or the refusal.
   * @throws {TypeError} when the validator returns a promise.
   */
  checkReply(method: string, data: unknown): CheckedData;
  /**
   * Checks the data of a member of a topic's presence.
   *
   * @param data any value.
   * @returns the validator's output, or the refusal.
   * @throws {TypeError} when the validator returns a promise.
   */
  checkPresence(data: unknown): CheckedData;
}
