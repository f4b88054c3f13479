import {
  applyValidator,
  type CheckedData,
  type Contract,
  DrumbeatError,
  type ErrorCode,
  type MessageMap,
  type Validator,
} from "../../messages.ts";
import type { Clock } from "../clock.ts";
import type { Monitor } from "../observe/monitor.ts";
import type { Peer } from "../peer.ts";
import type { Refusal } from "../refusal.ts";

/** Answers a request. What it returns, or resolves to, is the reply. */
export type RequestHandler<Data, Reply> = (
  data: Data,
  peer: Peer,
) => Reply | Promise<Reply>;

interface Method {
  readonly validator: Validator | undefined;
  readonly handler: RequestHandler<never, unknown>;
}

/** What {@linkcode Requests} needs of the hub. */
export interface RequestsContext {
  readonly contract: Contract<MessageMap>;
  readonly clock: Clock;
  readonly monitor: Monitor;
  /** How long a handler may take, in ms. */
  readonly timeoutMs: number;
  /** A handler failed. */
  failed(error: unknown): void;
}

/** A handler that has not answered yet. */
interface Pending {
  readonly until: number;
  expire(): void;
}

/** The methods that the program answers. What a handler throws goes to `onError`, not over the wire. */
export class Requests {
  readonly #methods = new Map<string, Method>();
  /** In the order in which their time is over: it is the same for all. */
  readonly #pending = new Set<Pending>();
  readonly #context: RequestsContext;

  constructor(context: RequestsContext) {
    this.#context = context;
  }

  /**
   * Adds a method; the answer takes it away again.
   *
   * @throws {TypeError} when the method has a handler already.
   */
  handle(method: string, handling: Method): () => void {
    if (this.#methods.has(method)) {
      throw new TypeError(`The request '${method}' has a handler already`);
    }
    this.#methods.set(method, handling);
    return () => {
      if (this.#methods.get(method) === handling) this.#methods.delete(method);
    };
  }

  /** Answers a request: with the reply, or why there is none. Never rejects. */
  async answer(
    method: string,
    data: unknown,
    peer: Peer,
  ): Promise<{ readonly data: unknown } | Refusal> {
    const handling = this.#methods.get(method);
    if (handling === undefined) {
      return {
        code: "unsupported",
        message: `There is no request '${method}'`,
      };
    }
    // What nobody handles is not told: its name is the peer's.
    const asked = this.#context.monitor.requested(method);
    let isRefused = true;
    try {
      const checked = this.#check(method, data, handling.validator);
      if (!checked.ok) return checked;
      const answer = handling.handler(checked.value as never, peer);
      // No promise around what is none: while it were waited for, more frames would come in and count as unanswered.
      if (answer instanceof Promise) {
        const outcome = await this.#inTime(method, answer);
        isRefused = "code" in outcome;
        return outcome;
      }
      isRefused = false;
      return { data: answer };
    } catch (error) {
      if (error instanceof DrumbeatError) {
        return { code: error.code as ErrorCode, message: error.message };
      }
      this.#context.failed(error);
      return { code: "failed", message: `The request '${method}' failed` };
    } finally {
      asked?.(isRefused);
    }
  }

  /** Gives up those handlers that have had their time. */
  sweep(now: number): void {
    for (const pending of this.#pending) {
      if (pending.until > now) break;
      pending.expire();
    }
  }

  /** Waits for a handler's answer, for as long as it may take. */
  async #inTime(
    method: string,
    answer: Promise<unknown>,
  ): Promise<{ readonly data: unknown } | Refusal> {
    const { clock, timeoutMs, failed } = this.#context;
    const late = Promise.withResolvers<Refusal>();
    const pending: Pending = {
      until: clock.now() + timeoutMs,
      expire: () => {
        this.#pending.delete(pending);
        failed(
          new Error(`The request '${method}' took more than ${timeoutMs} ms`),
        );
        const message = `The request '${method}' was not answered in time`;
        late.resolve({ code: "failed", message });
        // It may still fail, and nobody waits for it any more.
        answer.catch(failed);
      },
    };
    this.#pending.add(pending);
    try {
      const given = answer.then((data) => ({ data }));
      return await Promise.race([given, late.promise]);
    } finally {
      this.#pending.delete(pending);
    }
  }

  #check(
    method: string,
    data: unknown,
    validator: Validator | undefined,
  ): CheckedData {
    if (validator === undefined) {
      return this.#context.contract.checkRequest(method, data);
    }
    const result = applyValidator(method, data, validator);
    return result.ok ? result : { ...result, code: "invalid" };
  }
}
