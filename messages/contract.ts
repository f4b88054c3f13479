import { checkNames } from "../common/options.ts";
import { messageTypeProblem } from "./names.ts";
import {
  applyValidator,
  type InputOf,
  type Issue,
  isValidator,
  type OutputOf,
  type Validator,
} from "./validator.ts";
import type { InputsOf, MessageMap, TransformedInputs } from "./message_map.ts";
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

/** The validators of one method of {@linkcode DefineMessagesOptions.requests}. */
export interface RequestValidators {
  /** Checks the request's data. */
  readonly data: Validator;
  /**
   * Checks the reply's data.
   *
   * @default any reply passes
   */
  readonly reply?: Validator;
}

/**
 * Options of {@linkcode defineMessages}.
 *
 * @typeParam Open the type of `open`.
 * @typeParam RV the validators of the requests, by method.
 * @typeParam PV the validator of presence data.
 */
export interface DefineMessagesOptions<
  Open extends boolean = boolean,
  RV extends RequestValidatorMap = RequestValidatorMap,
  PV extends Validator = Validator,
> {
  /**
   * Accepts messages of types that the contract does not name, unchecked.
   *
   * @default false
   */
  readonly open?: Open;
  /**
   * The validators of the methods of `client.request` and `hub.handle`.
   *
   * @default any method with any data passes
   */
  readonly requests?: RV;
  /**
   * Checks the data of a member of a topic's presence.
   *
   * @default any data passes
   */
  readonly presence?: PV;
}

/** Request methods and their validators. */
export type RequestValidatorMap = Readonly<Record<string, RequestValidators>>;

/**
 * The requests that a set of validators defines.
 *
 * @typeParam RV the validators, by method.
 */
export type RequestsOf<RV> = RequestValidatorMap extends RV ? AnyRequests
  : { [K in keyof RV & string]: RequestOf<RV[K]> };

/**
 * The types of a request that a pair of validators defines.
 *
 * @typeParam Q the validators.
 */
export type RequestOf<Q> =
  & {
    readonly data: Q extends { readonly data: infer V } ? OutputOf<V> : unknown;
    readonly reply: Q extends { readonly reply: infer V extends Validator }
      ? OutputOf<V>
      : unknown;
  }
  & (Q extends { readonly data: infer V } ? { readonly dataInput: InputOf<V> }
    : unknown)
  & (Q extends { readonly reply: infer V extends Validator }
    ? { readonly replyInput: InputOf<V> }
    : unknown);

/**
 * The presence data that a validator accepts.
 *
 * @typeParam PV the validator.
 */
export type PresenceOf<PV> = Validator extends PV ? unknown : OutputOf<PV>;

/**
 * The messages that a set of validators defines.
 *
 * @typeParam V the validators, by message type.
 * @typeParam Open `true` if other types pass as well.
 * @typeParam PV the validator of presence data.
 */
export type MessagesOf<
  V extends Readonly<Record<string, Validator>>,
  Open extends boolean = false,
  PV = Validator,
> =
  & { [K in keyof V & string]: OutputOf<V[K]> & object }
  & (Open extends true ? AnyMessages : unknown)
  & InputsIfTransformed<V, Open, PV>;

/**
 * {@linkcode TransformedInputs} if a schema transforms; otherwise `unknown`, so that the types stay short.
 *
 * @typeParam V the validators, by message type.
 * @typeParam Open `true` if other types pass as well.
 * @typeParam PV the validator of presence data.
 */
export type InputsIfTransformed<
  V extends Readonly<Record<string, Validator>>,
  Open extends boolean,
  PV,
> = IsSame<
  [{ [K in keyof V]: OutputOf<V[K]> }, OutputOf<PV>],
  [{ [K in keyof V]: InputOf<V[K]> }, InputOf<PV>]
> extends true ? unknown
  : TransformedInputs<
    & { [K in keyof V & string]: InputOf<V[K]> & object }
    & (Open extends true ? AnyMessages : unknown),
    Validator extends PV ? unknown : InputOf<PV>
  >;

/**
 * `true` for two identical types.
 *
 * @typeParam A one of them.
 * @typeParam B the other one.
 */
export type IsSame<A, B> = (<T>() => T extends A ? 1 : 2) extends
  (<T>() => T extends B ? 1 : 2) ? true : false;

/**
 * Defines the messages, requests and presence data that server and client share.
 *
 * A validator receives the message's fields without `type`; its output is stored and delivered.
 *
 * @typeParam V the validators, by message type.
 * @typeParam Open `true` if other types pass as well.
 * @typeParam RV the validators of the requests, by method.
 * @typeParam PV the validator of presence data.
 * @param validators one validator for each message type.
 * @param options see {@linkcode DefineMessagesOptions}.
 * @returns the contract, for `serve`, `createHub` and `connect`.
 * @throws {TypeError} for a type that cannot be published (docs/protocol.md), a validator that is neither a function nor a
 * Standard Schema, or an unknown option.
 * @example
 * ```ts
 * import { assert, assertFalse } from "@std/assert";
 * import { defineMessages } from "./contract.ts";
 *
 * const messages = defineMessages({
 *   chat: (value): value is { text: string } => typeof (value as { text?: unknown }).text === "string",
 * });
 * assert(messages.check({ type: "chat", text: "hello" }).ok);
 * assertFalse(messages.check({ type: "chat", text: 1 }).ok);
 * ```
 */
export function defineMessages<
  const V extends Readonly<Record<string, Validator>>,
  const Open extends boolean = false,
  const RV extends RequestValidatorMap = RequestValidatorMap,
  PV extends Validator = Validator,
>(
  validators: V,
  options: DefineMessagesOptions<Open, RV, PV> = {},
): Contract<MessagesOf<V, Open, PV>, RequestsOf<RV>, PresenceOf<PV>> {
  const names = { open: true, requests: true, presence: true };
  checkNames("Cannot define messages", options, names);
  const { open = false, requests, presence } = options;
  if (presence !== undefined) validatorOf("the presence data", presence);
  const checks = new Map<string, Validator>();
  for (const [type, validator] of Object.entries(validators)) {
    const problem = messageTypeProblem(type);
    if (problem !== undefined) {
      throw new TypeError(`Cannot define the message '${type}': ${problem}`);
    }
    checks.set(type, validatorOf(`the message '${type}'`, validator));
  }
  return contractOf({ checks, open, requests: requestsOf(requests), presence });
}

/** The default contract of a hub and of a client: any well-formed message, any request, any presence data. */
export const anyMessages: Contract = contractOf({
  checks: new Map(),
  open: true,
  requests: undefined,
  presence: undefined,
});

interface ContractParts {
  readonly checks: ReadonlyMap<string, Validator>;
  readonly open: boolean;
  readonly requests: ReadonlyMap<string, RequestValidators> | undefined;
  readonly presence: Validator | undefined;
}

function requestsOf(
  validators: RequestValidatorMap | undefined,
): ReadonlyMap<string, RequestValidators> | undefined {
  if (validators === undefined) return undefined;
  const entries = Object.entries(validators);
  for (const [method, given] of entries) {
    const path = `requests.${method}`;
    const names = { data: true, reply: true };
    checkNames("Cannot define messages", given, names, path);
    const { data, reply } = given;
    validatorOf(`the request '${method}'`, data);
    if (reply !== undefined) validatorOf(`the reply to '${method}'`, reply);
  }
  return new Map(entries);
}

function validatorOf(what: string, validator: unknown): Validator {
  if (isValidator(validator)) return validator;
  throw new TypeError(
    `Cannot define ${what}: its validator is neither a function nor a Standard Schema`,
  );
}

function contractOf<M extends MessageMap, R extends RequestMap, P>(
  { checks, open, requests, presence }: ContractParts,
): Contract<M, R, P> {
  // `defineMessages` has checked the types that the contract names.
  const checkType = (message: unknown, type: unknown): Checked<M> => {
    const problem = messageTypeProblem(type);
    if (problem !== undefined) {
      return { ok: false, code: "invalid", message: problem };
    }
    if (open) return { ok: true, message: message as MessageOf<M> };
    return unknownName("message", String(type));
  };
  return {
    types: new Set(checks.keys()),
    open,
    check(message: unknown): Checked<M> {
      const type = typeOf(message);
      const validator = checks.get(type as string);
      return validator === undefined
        ? checkType(message, type)
        : checkFields(type as string, message as object, validator);
    },
    checkStored(message: unknown): Checked<M> {
      const type = typeOf(message);
      const validator = checks.get(type as string);
      if (validator === undefined) return checkType(message, type);
      return "~standard" in validator
        ? { ok: true, message: message as MessageOf<M> }
        : checkFields(type as string, message as object, validator);
    },
    checkRequest(method: string, data: unknown): CheckedData {
      if (requests === undefined) return { ok: true, value: data };
      const validators = requests.get(method);
      if (validators === undefined) return unknownName("request", method);
      return checkData(method, data, validators.data);
    },
    checkReply(method: string, data: unknown): CheckedData {
      return checkData(
        `reply to ${method}`,
        data,
        requests?.get(method)?.reply,
      );
    },
    checkPresence(data: unknown): CheckedData {
      return checkData("presence", data, presence);
    },
  };
}

function typeOf(message: unknown): unknown {
  return typeof message === "object" && message !== null
    ? (message as { type?: unknown }).type
    : undefined;
}

function checkData(
  name: string,
  data: unknown,
  validator: Validator | undefined,
): CheckedData {
  if (validator === undefined) return { ok: true, value: data };
  const result = applyValidator(name, data, validator);
  return result.ok ? result : { ...result, code: "invalid" };
}

function unknownName(kind: string, name: string) {
  const message = `The contract has no ${kind} '${name}'`;
  return { ok: false as const, code: "unsupported" as const, message };
}

function checkFields<M extends MessageMap>(
  name: string,
  message: object,
  validator: Validator,
): Checked<M> {
  const { type: _type, ...fields } = message as { type: string };
  const result = applyValidator(name, fields, validator);
  if (!result.ok) return { ...result, code: "invalid" };
  if (typeof result.value !== "object" || result.value === null) {
    const { value } = result;
    const kind = value === null ? "null" : typeof value;
    throw new TypeError(
      `Cannot check the message: the validator of '${name}' returned ${kind}, not an object`,
    );
  }
  const output = { type: name, ...result.value };
  // The validator may have returned another type.
  output.type = name;
  return { ok: true, message: output as MessageOf<M> };
}
