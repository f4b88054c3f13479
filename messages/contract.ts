import { messageTypeProblem } from "./names.ts";
import type { ErrorCode } from "./wire.ts";

/**
 * The part of the Standard Schema interface (standardschema.dev, version 1) that is used here. Valibot, Zod and ArkType
 * schemas have it.
 */
export interface StandardSchema<Output = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (
      value: unknown,
    ) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?:
      | { readonly input: unknown; readonly output: Output }
      | undefined;
  };
}

/** What a Standard Schema validator answers. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One thing that is wrong with a value, and where. */
export interface StandardIssue {
  readonly message: string;
  readonly path?:
    | readonly (PropertyKey | { readonly key: PropertyKey })[]
    | undefined;
}

/** A plain type guard. */
export type Guard<T> = (value: unknown) => value is T;

/** What checks the fields of a message: a synchronous Standard Schema validator or a type guard. */
// deno-lint-ignore no-explicit-any -- `any` is what infers: a guard is contravariant in what it narrows to.
export type Validator = StandardSchema<any> | Guard<any>;

/** The fields that a validator lets through. */
export type OutputOf<V> = V extends StandardSchema<infer T> ? T
  : V extends Guard<infer T> ? T
  : never;

/** Message types and the fields of each, without `type`. */
// deno-lint-ignore ban-types -- `object` would refuse interfaces' lack of an index signature nowhere; it means "not a primitive".
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

/** An issue as it goes over the wire. */
export interface Issue {
  readonly message: string;
  readonly path?: readonly (string | number)[];
}

/** What {@linkcode Contract.check} returns: the message to store, or why it is refused. */
export type Checked<M extends MessageMap> =
  | { readonly ok: true; readonly message: MessageOf<M> }
  | {
    readonly ok: false;
    readonly code: Extract<ErrorCode, "invalid" | "unknown">;
    readonly message: string;
    readonly issues?: readonly Issue[];
  };

/** What may be published, and how it is checked. Made by {@linkcode defineMessages}; shared by server, client and page. */
export interface Contract<M extends MessageMap = AnyMessages> {
  /** The types it names. */
  readonly types: ReadonlySet<string>;
  /** Whether other types pass as they come. */
  readonly open: boolean;
  /**
   * Checks a message.
   *
   * @param message any value.
   * @returns the message with its fields as the validator put them out, or why it is refused.
   * @throws {TypeError} when the validator answers with a promise: waiting for it would reorder publishers.
   */
  check(message: unknown): Checked<M>;
}

/** Options of {@linkcode defineMessages}. */
export interface DefineMessagesOptions<Open extends boolean = boolean> {
  /** Whether types that the contract does not name pass as they come. Default: `false`. */
  readonly open?: Open;
}

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
>(
  validators: V,
  options: DefineMessagesOptions<Open> = {},
): Contract<MessagesOf<V, Open>> {
  const checks = new Map<string, Validator>();
  for (const [type, validator] of Object.entries(validators)) {
    const problem = messageTypeProblem(type);
    if (problem !== undefined) {
      throw new TypeError(`Cannot define the message '${type}': ${problem}`);
    }
    if (
      typeof validator !== "function" &&
      typeof validator?.["~standard"]?.validate !== "function"
    ) {
      throw new TypeError(
        `Cannot define the message '${type}': its validator is no function and no Standard Schema`,
      );
    }
    checks.set(type, validator);
  }
  return contractOf(checks, options.open ?? false);
}

/** The contract of a hub that was given none: any well-formed message. */
export const anyMessages: Contract = contractOf(new Map(), true);

function contractOf<M extends MessageMap>(
  checks: ReadonlyMap<string, Validator>,
  open: boolean,
): Contract<M> {
  return {
    types: new Set(checks.keys()),
    open,
    check(message: unknown): Checked<M> {
      const type = typeof message === "object" && message !== null
        ? (message as { type?: unknown }).type
        : undefined;
      const problem = messageTypeProblem(type);
      if (problem !== undefined) {
        return { ok: false, code: "invalid", message: problem };
      }
      const validator = checks.get(type as string);
      if (validator !== undefined) {
        return checkFields(type as string, message as object, validator);
      }
      if (open) return { ok: true, message: message as MessageOf<M> };
      return {
        ok: false,
        code: "unknown",
        message: `The contract has no message '${type}'`,
      };
    },
  };
}

function checkFields<M extends MessageMap>(
  name: string,
  message: object,
  validator: Validator,
): Checked<M> {
  const { type: _type, ...fields } = message as { type: string };
  const result = validate(name, fields, validator);
  if (result.issues !== undefined) {
    const first = result.issues[0]?.message;
    return {
      ok: false,
      code: "invalid",
      message: `Not a valid '${name}'${
        first === undefined ? "" : `: ${first}`
      }`,
      // A guard says no more than no.
      ...(first === undefined ? {} : { issues: result.issues.map(plainIssue) }),
    };
  }
  if (typeof result.value !== "object" || result.value === null) {
    throw new TypeError(
      `The validator of '${name}' put out ${typeof result
        .value}, not an object`,
    );
  }
  const { type: _other, ...output } = result.value as { type?: unknown };
  return { ok: true, message: { type: name, ...output } as MessageOf<M> };
}

function validate(
  name: string,
  fields: unknown,
  validator: Validator,
): StandardResult<unknown> {
  if (typeof validator === "function") {
    const answer: unknown = validator(fields);
    if (isPromise(answer)) throw asynchronous(name, answer);
    return answer ? { value: fields } : { issues: [] };
  }
  const answer = validator["~standard"].validate(fields);
  if (isPromise(answer)) throw asynchronous(name, answer);
  return answer;
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | undefined)?.then === "function";
}

function asynchronous(name: string, answer: Promise<unknown>): TypeError {
  // Nobody will look at it: a rejection of it must not end the process.
  answer.then(undefined, () => {});
  return new TypeError(
    `The validator of '${name}' is asynchronous; it would reorder publishers`,
  );
}

function plainIssue(issue: StandardIssue): Issue {
  if (issue.path === undefined) return { message: issue.message };
  const path = issue.path.map((step) => {
    const key = typeof step === "object" ? step.key : step;
    return typeof key === "number" ? key : String(key);
  });
  return { message: issue.message, path };
}
