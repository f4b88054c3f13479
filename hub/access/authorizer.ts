import { type Admitted, rulesOf } from "./allow.ts";
import type { Authorize, AuthorizeRequest } from "./authorize.ts";
import type { Clock } from "../clock.ts";
import type { Reporter } from "../hooks.ts";

/** Longest name of a user, in UTF-16 units. */
const MAX_USER = 255;

/** Why somebody is not let in. `unavailable`: it could not be found out. */
export type Denial = "unauthenticated" | "forbidden" | "unavailable";

/** Asks the program who connects, for a bounded time, and believes no answer that is none. */
export class Authorizer {
  readonly #authorize: Authorize;
  readonly #deadlineMs: number;
  readonly #clock: Clock;
  readonly #reporter: Reporter;

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

  /** Never rejects: whatever goes wrong, nobody is let in. */
  async ask(
    request: Omit<AuthorizeRequest, "signal">,
  ): Promise<Admitted | Denial> {
    const waiting = new AbortController();
    const { promise: late, reject } = Promise.withResolvers<never>();
    const cancel = this.#clock.after(
      this.#deadlineMs,
      () => reject(new Error(`No answer within ${this.#deadlineMs} ms`)),
    );
    try {
      const { signal } = waiting;
      const answer = await Promise.race([
        this.#authorize({ ...request, signal }),
        late,
      ]);
      return this.#read(answer);
    } catch (error) {
      this.#reporter.report(error, "authorize");
      return "unavailable";
    } finally {
      cancel();
      waiting.abort();
    }
  }

  /** @param answer anything at all: a program without types may answer with anything. */
  #read(answer: unknown): Admitted | Denial {
    if (answer === "unauthenticated" || answer === "forbidden") return answer;
    if (typeof answer !== "object" || answer === null) {
      throw new TypeError(`'authorize' answered ${answer}`);
    }
    const { user, data, expiresAt, allow } = answer as Readonly<
      Record<string, unknown>
    >;
    if (
      user !== undefined &&
      (typeof user !== "string" || user === "" || user.length > MAX_USER)
    ) {
      throw new TypeError(`'user' is text of 1 to ${MAX_USER} UTF-16 units`);
    }
    if (
      expiresAt !== undefined &&
      (typeof expiresAt !== "number" || Number.isNaN(expiresAt))
    ) throw new TypeError(`'expiresAt' is ms since 1970, not ${expiresAt}`);
    const now = this.#clock.now();
    const until = now + ((expiresAt ?? Infinity) - this.#clock.time());
    if (until <= now) return "unauthenticated";
    return { user, data, until, rules: rulesOf(allow as undefined) };
  }
}
