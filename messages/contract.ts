import { messageTypeProblem } from "./names.ts";
import {
  applyValidator,
  type Issue,
  isValidator,
  type OutputOf,
  type Validator,
} from "./validator.ts";
import type { ErrorCode } from "./wire.ts";

/** Message types and the fields of each, without `type`. */
export type MessageMap = { [type: string]: object };

/** Any type, any fields: what a hub without a contract carries. */
export type AnyMessages = Record<string, Record<string, unknown>>;

/** A message of one of the types of `M`: `{ type, …fields }`. */
export type MessageOf<
  M extends MessageMap,
  T extends keyof M & string = keyof M & string,
> = {
  [K in T]: { readonly type: K } & M[K];
}[T];

/** What {@linkcode Contract.check} returns: the message to store, or why it is refused. */
export type Checked<M extends MessageMap> =
  | { readonly ok: true; readonly message: MessageOf<M> }
  | {
    readonly ok: false;
    readonly code: Extract<ErrorCode, "invalid" | "unsupported">;
    readonly message: string;
    readonly issues?: readonly Issue[];
  };

/** Methods of requests, with what goes in and what comes back. */
export type RequestMap = {
  [method: string]: { readonly data: unknown; readonly reply: unknown };
};

/** Any method, any data: what a contract without `requests` allows. */
export type AnyRequests = Record<
  string,
  { readonly data: unknown; readonly reply: unknown }
>;

/** What a check of data returns: the data as the validator put it out, or why it is refused. */
export type CheckedData =
  | { readonly ok: true; readonly value: unknown }
  | {
    readonly ok: false;
    readonly code: Extract<ErrorCode, "invalid" | "unsupported">;
    readonly message: string;
    readonly issues?: readonly Issue[];
  };

/** What may be published, asked and shown, and how it is checked. Made by {@linkcode defineMessages}. */
export interface Contract<
  M extends MessageMap = AnyMessages,
  R extends RequestMap = AnyRequests,
> {
  /** The message types it names. */
  readonly types: ReadonlySet<string>;
  /** Whether other types pass as they come. */
  readonly open: boolean;
  /** Only for the type checker: the methods. Never there at run time. */
  readonly requests?: R;
  /**
   * Checks a message.
   *
   * @param message any value.
   * @returns the message with its fields as the validator put them out, or why it is refused.
   * @throws {TypeError} when the validator answers with a promise: waiting for it would reorder publishers.
   */
  check(message: unknown): Checked<M>;
  /** Checks the data of a request, as {@linkcode Contract.check} does a message. */
  checkRequest(method: string, data: unknown): CheckedData;
  /** Checks the reply to a request. */
  checkReply(method: string, data: unknown): CheckedData;
  /** Checks what a member says of itself in a topic's presence. */
  checkPresence(data: unknown): CheckedData;
}

/** The validators of one method of {@linkcode DefineMessagesOptions.requests}. */
export interface RequestValidators {
  /** What goes in. */
  readonly data: Validator;
  /** What comes back. Default: anything. */
  readonly reply?: Validator;
}

/** Options of {@linkcode defineMessages}. */
export interface DefineMessagesOptions<
  Open extends boolean = boolean,
  RV extends Readonly<Record<string, RequestValidators>> = Readonly<
    Record<string, RequestValidators>
  >,
> {
  /** Whether types that the contract does not name pass as they come. Default: `false`. */
  readonly open?: Open;
  /** The methods of `client.request` and `hub.handle`. Default: any method, any data. */
  readonly requests?: RV;
  /** What a member of a topic's presence may say of itself. Default: anything. */
  readonly presence?: Validator;
}

/** The requests that a set of validators defines. */
export type RequestsOf<RV> = Readonly<Record<string, RequestValidators>> extends
  RV ? AnyRequests
  : {
    [K in keyof RV & string]: {
      readonly data: RV[K] extends { readonly data: infer V } ? OutputOf<V>
        : unknown;
      readonly reply: RV[K] extends
        { readonly reply: infer V extends Validator } ? OutputOf<V>
        : unknown;
    };
  };

/** The messages that a set of validators defines. */
export type MessagesOf<
  V extends Readonly<Record<string, Validator>>,
  Open extends boolean = false,
> =
  & { [K in keyof V & string]: OutputOf<V[K]> & object }
  & (Open extends true ? AnyMessages : unknown);

/**
 * Defines the messages that server, client and page share.
 *
 * A validator sees the message's fields without `type`; what it puts out is what is stored and delivered.
 *
 * @param validators one validator for each message type.
 * @param options see {@linkcode DefineMessagesOptions}.
 * @returns the contract to give to `serve`, `createHub` and `connect`.
 * @throws {TypeError} when a type may not be published (docs/protocol.md) or a validator is neither a function nor a
 * Standard Schema.
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
  const RV extends Readonly<Record<string, RequestValidators>> = Readonly<
    Record<string, RequestValidators>
  >,
>(
  validators: V,
  options: DefineMessagesOptions<Open, RV> = {},
): Contract<MessagesOf<V, Open>, RequestsOf<RV>> {
  const { open = false, requests, presence } = options;
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

/** The contract of a hub that was given none: any well-formed message, any request, any presence data. */
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
  validators: Readonly<Record<string, RequestValidators>> | undefined,
): ReadonlyMap<string, RequestValidators> | undefined {
  if (validators === undefined) return undefined;
  const entries = Object.entries(validators);
  for (const [method, { data, reply }] of entries) {
    validatorOf(`the request '${method}'`, data);
    if (reply !== undefined) validatorOf(`the reply to '${method}'`, reply);
  }
  return new Map(entries);
}

function validatorOf(what: string, validator: unknown): Validator {
  if (isValidator(validator)) return validator;
  throw new TypeError(
    `Cannot define ${what}: its validator is no function and no Standard Schema`,
  );
}

function contractOf<M extends MessageMap, R extends RequestMap>(
  { checks, open, requests, presence }: ContractParts,
): Contract<M, R> {
  return {
    types: new Set(checks.keys()),
    open,
    check(message: unknown): Checked<M> {
      const type = typeof message === "object" && message !== null
        ? (message as { type?: unknown }).type
        : undefined;
      // A type that the contract names is a good one: see `defineMessages`.
      const validator = checks.get(type as string);
      if (validator !== undefined) {
        return checkFields(type as string, message as object, validator);
      }
      const problem = messageTypeProblem(type);
      if (problem !== undefined) {
        return { ok: false, code: "invalid", message: problem };
      }
      if (open) return { ok: true, message: message as MessageOf<M> };
      return unknownName("message", String(type));
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
    throw new TypeError(
      `The validator of '${name}' put out ${typeof result
        .value}, not an object`,
    );
  }
  const output = { type: name, ...result.value };
  // Whatever type the validator put out.
  output.type = name;
  return { ok: true, message: output as MessageOf<M> };
}
