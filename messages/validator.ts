/**
 * The part of the Standard Schema interface (standardschema.dev, version 1) that Drumbeat uses. Schemas of Valibot, Zod and
 * ArkType have it.
 *
 * @typeParam Output the type of the validated value.
 */
export interface StandardSchema<Output = unknown> {
  /** The interface. The standard chose a name that no library uses for a property of its own. */
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

/**
 * The result of a Standard Schema validator.
 *
 * @typeParam Output the type of the validated value.
 */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** A problem of a value, as a Standard Schema reports it. */
export interface StandardIssue {
  /** The problem, for people. */
  readonly message: string;
  /** The keys that lead to the value, outermost first. */
  readonly path?:
    | readonly (PropertyKey | { readonly key: PropertyKey })[]
    | undefined;
}

/**
 * A type guard.
 *
 * @typeParam T the type that the guard accepts.
 */
export type Guard<T> = (value: unknown) => value is T;

/** A check of a message's fields, or of data: a synchronous Standard Schema, or a type guard. */
// deno-lint-ignore no-explicit-any -- with `unknown`, the compiler would reject every type guard that narrows.
export type Validator = StandardSchema<any> | Guard<any>;

/**
 * The type of the values that a validator returns: what is stored and delivered.
 *
 * @typeParam V the validator.
 */
export type OutputOf<V> = V extends StandardSchema<infer T> ? T
  : V extends Guard<infer T> ? T
  : never;

/**
 * The type of the values that a validator takes. It differs from {@linkcode OutputOf} if a schema transforms.
 *
 * @typeParam V the validator.
 */
export type InputOf<V> = V extends
  { readonly "~standard": { readonly types?: infer T } }
  ? NonNullable<T> extends { readonly input: infer Input }
    ? unknown extends Input ? OutputOf<V> : Input
  : OutputOf<V>
  : OutputOf<V>;

/** A problem of a value, as sent over the wire. */
export interface Issue {
  /** The problem, for people. */
  readonly message: string;
  /** The keys that lead to the value, outermost first. */
  readonly path?: readonly (string | number)[];
}

/** The result of {@linkcode applyValidator}: the validator's output, or the problems of the value. */
export type Validated =
  | { readonly ok: true; readonly value: unknown }
  | {
    readonly ok: false;
    readonly message: string;
    readonly issues?: readonly Issue[];
  };

/** Returns `true` for a value that has the form of a {@linkcode Validator}. */
export function isValidator(value: unknown): value is Validator {
  return typeof value === "function" ||
    typeof (value as StandardSchema | undefined)?.["~standard"]?.validate ===
      "function";
}

/**
 * Runs a validator.
 *
 * @param name the name of the value, for the error message.
 * @param value the value.
 * @param validator a type guard or a Standard Schema.
 * @returns the validator's output, or the problems of the value.
 * @throws {TypeError} when the validator returns a promise: waiting for it would reorder messages.
 */
export function applyValidator(
  name: string,
  value: unknown,
  validator: Validator,
): Validated {
  const result = run(name, value, validator);
  if (result.issues === undefined) return { ok: true, value: result.value };
  const first = result.issues[0]?.message;
  // A type guard gives no reason.
  if (first === undefined) {
    return { ok: false, message: `Not a valid '${name}'` };
  }
  return {
    ok: false,
    message: `Not a valid '${name}': ${first}`,
    issues: result.issues.map(plainIssue),
  };
}

/** Runs a validator. */
function run(
  name: string,
  fields: unknown,
  validator: Validator,
): StandardResult<unknown> {
  // Before the type guard: ArkType's schemas are functions, which return a truthy value also for an invalid one.
  if ("~standard" in validator) {
    const answer = validator["~standard"].validate(fields);
    if (isPromise(answer)) throw asynchronous(name, answer);
    return answer;
  }
  const answer: unknown = validator(fields);
  if (isPromise(answer)) throw asynchronous(name, answer);
  return answer ? { value: fields } : { issues: [] };
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | undefined)?.then === "function";
}

function asynchronous(name: string, answer: Promise<unknown>): TypeError {
  // The promise is ignored: its rejection must not end the process.
  answer.then(undefined, () => {});
  return new TypeError(
    `Cannot check the value: the validator of '${name}' is asynchronous, which would reorder messages`,
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
