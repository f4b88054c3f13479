import { checkNames, type OptionNames } from "../../common/options.ts";
import type { Clock } from "../clock.ts";
import type { Reporter } from "../hooks.ts";
import { type Rights, rulesOf } from "./allow.ts";
import type { Authorize, AuthorizeRequest, Grant } from "./authorize.ts";

const NAMES: OptionNames<Grant> = {
  user: true,
  auth: true,
  expiresAt: true,
  allow: true,
};
/** September 2001. The seconds since 1970 stay below it until the year 33658. */
const OLDEST_MS = 1e12;
/** The longest name of a user, in UTF-16 units. */
const MAX_USER = 255;

/** The reason why a connection is refused. `unavailable`: `authorize` failed or timed out. */
export type Denial = "unauthenticated" | "forbidden" | "unavailable";

/** Calls the program's `authorize`, with a deadline, and checks its result. */
export class Authorizer {
  readonly #authorize: Authorize;
  readonly #deadlineMs: number;
  readonly #clock: Clock;
  readonly #reporter: Reporter;

  /**
   * @param authorize the program's function.
   * @param context the deadline in ms, the clock, and the reporter of failures.
   */
  constructor(
    authorize: Authorize,
    context: {
      readonly deadlineMs: number;
      readonly clock: Clock;
      readonly reporter: Reporter;
    },
  ) {
    this.#authorize = authorize;
    this.#deadlineMs = context.deadlineMs;
    this.#clock = context.clock;
    this.#reporter = context.reporter;
  }

  /** Authorizes a connection. Never rejects: a failure is reported, and refuses the connection. */
  async authorize(
    request: Omit<AuthorizeRequest, "signal">,
  ): Promise<Rights | Denial> {
    const controller = new AbortController();
    const { promise: timeout, reject } = Promise.withResolvers<never>();
    const cancel = this.#clock.after(
      this.#deadlineMs,
      () =>
        reject(
          new Error(
            `Cannot authorize a connection: no result within ${this.#deadlineMs} ms`,
          ),
        ),
    );
    try {
      const { signal } = controller;
      const result = await Promise.race([
        this.#authorize({ ...request, signal }),
        timeout,
      ]);
      return this.#check(result);
    } catch (error) {
      this.#reporter.report(error, "authorize");
      return "unavailable";
    } finally {
      cancel();
      controller.abort();
    }
  }

  /** @param result any value: `deno run` does not check the program's types. */
  #check(result: unknown): Rights | Denial {
    if (result === "unauthenticated" || result === "forbidden") return result;
    const action = "Cannot use the result of 'authorize'";
    if (typeof result !== "object" || result === null) {
      throw new TypeError(
        `${action}: it must be a grant, "unauthenticated" or "forbidden", not ${result}`,
      );
    }
    checkNames(action, result, NAMES);
    const { user, auth, expiresAt, allow } = result as Readonly<
      Record<string, unknown>
    >;
    if (
      user !== undefined &&
      (typeof user !== "string" || user === "" || user.length > MAX_USER)
    ) {
      throw new TypeError(
        `${action}: 'user' must be text of 1 to ${MAX_USER} UTF-16 units`,
      );
    }
    if (
      expiresAt !== undefined &&
      (typeof expiresAt !== "number" || Number.isNaN(expiresAt))
    ) {
      throw new TypeError(
        `${action}: 'expiresAt' must be ms since 1970, not ${expiresAt}`,
      );
    }
    if (expiresAt !== undefined && Math.abs(expiresAt) < OLDEST_MS) {
      throw new RangeError(
        `${action}: 'expiresAt' must be ms since 1970, and ${expiresAt} is before 2001: it may be in seconds`,
      );
    }
    const now = this.#clock.now();
    const until = now + ((expiresAt ?? Infinity) - this.#clock.time());
    if (until <= now) return "unauthenticated";
    return { user, auth, until, rules: rulesOf(allow as undefined, action) };
  }
}
