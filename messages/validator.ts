/**
 * The part of the Standard Schema interface (standardschema.dev, version 1) that is used here. Valibot, Zod and ArkType
 * schemas have it.
 */
export interface StandardSchema<Output = unknown> {
  /** The interface's members. The name avoids conflicts with a library's own properties. */
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

/** The result of a Standard Schema validator: the output, or the issues. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One issue of a value, with its place. */
export interface StandardIssue {
  /** A sentence for people. */
  readonly message: string;
  /** The path to the value: keys, from the outside in. */
  readonly path?:
    | readonly (PropertyKey | { readonly key: PropertyKey })[]
    | undefined;
}

/** A plain type guard. */
export type Guard<T> = (value: unknown) => value is T;

/** A validator of a message's fields: a synchronous Standard Schema or a type guard. */
// deno-lint-ignore no-explicit-any -- `any` is what infers: a guard is contravariant in what it narrows to.
export type Validator = StandardSchema<any> | Guard<any>;

/** The fields that a validator accepts, or its output. */
export type OutputOf<V> = V extends StandardSchema<infer T> ? T
  : V extends Guard<infer T> ? T
  : never;

/** An issue in the form of the wire. */
export interface Issue {
  /** A sentence for people. */
  readonly message: string;
  /** The path to the value: keys, from the outside in. */
  readonly path?: readonly (string | number)[];
}

/** The result of {@linkcode applyValidator}: the validator's output, or the refusal. */
export type Validated =
  | { readonly ok: true; readonly value: unknown }
  | {
    readonly ok: false;
    readonly message: string;
    readonly issues?: readonly Issue[];
  };

/** Returns `true` if a value can be used as a {@linkcode Validator}. */
export function isValidator(value: unknown): value is Validator {
  return typeof value === "function" ||
    typeof (value as StandardSchema | undefined)?.["~standard"]?.validate ===
      "function";
}

/**
 * Runs a validator.
 *
 * @param name the name of the validated value, for the message.
 * @param value the value.
 * @param validator a guard or a Standard Schema.
 * @returns the validator's output, or the refusal.
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
  // A guard has no issues.
  if (first === undefined) {
    return { ok: false, message: `Not a valid '${name}'` };
  }
  return {
    ok: false,
    message: `Not a valid '${name}': ${first}`,
    issues: result.issues.map(plainIssue),
  };
}

/** Runs a validator over a value. */
function run(
  name: string,
  fields: unknown,
  validator: Validator,
): StandardResult<unknown> {
  // The schema comes first: ArkType's schemas are functions, and as guards they would accept every value.
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
  // The promise is not used, and its rejection must not end the process.
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
