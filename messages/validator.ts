/**
 * The part of the Standard Schema interface (standardschema.dev, version 1) that is used here. Valibot, Zod and ArkType
 * schemas have it.
 */
export interface StandardSchema<Output = unknown> {
  /** Its name keeps it out of the way of a library's own properties. */
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
  /** A sentence for people. */
  readonly message: string;
  /** The way to the value: keys, from the outside in. */
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

/** An issue as it goes over the wire. */
export interface Issue {
  /** A sentence for people. */
  readonly message: string;
  /** The way to the value: keys, from the outside in. */
  readonly path?: readonly (string | number)[];
}

/** What {@linkcode applyValidator} returns: the validator's output, or what is wrong. */
export type Validated =
  | { readonly ok: true; readonly value: unknown }
  | {
    readonly ok: false;
    readonly message: string;
    readonly issues?: readonly Issue[];
  };

/** Whether a value can be used as a {@linkcode Validator}. */
export function isValidator(value: unknown): value is Validator {
  return typeof value === "function" ||
    typeof (value as StandardSchema | undefined)?.["~standard"]?.validate ===
      "function";
}

/**
 * Runs a validator.
 *
 * @param name what is validated, for the message.
 * @param value the value.
 * @param validator a guard or a Standard Schema.
 * @returns the validator's output, or what is wrong with the value.
 * @throws {TypeError} when the validator answers with a promise: waiting for it would reorder publishers.
 */
export function applyValidator(
  name: string,
  value: unknown,
  validator: Validator,
): Validated {
  const result = run(name, value, validator);
  if (result.issues === undefined) return { ok: true, value: result.value };
  const first = result.issues[0]?.message;
  // A guard says no more than no.
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
  // The schema first: ArkType's schemas are functions, and as guards they would let everything through.
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
