import { checkNames } from "../common/options.ts";
import type {
  AnyMessages,
  AnyRequests,
  Checked,
  CheckedData,
  Contract,
  MessageOf,
  RequestMap,
} from "./contract.ts";
import type { MessageMap, TransformedInputs } from "./message_map.ts";
import { messageTypeProblem } from "./names.ts";
import {
  applyValidator,
  type InputOf,
  isValidator,
  type OutputOf,
  type Validator,
} from "./validator.ts";

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
 * import { defineMessages } from "./define_messages.ts";
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
