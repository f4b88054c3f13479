import type { Contract, MessageMap } from "../messages.ts";
import { watchAbort } from "./abort.ts";
import type { ClientClock } from "./clock.ts";
import { DrumbeatError } from "./error.ts";
import { bound, DEFAULTS } from "./options.ts";

/** Options of {@linkcode Client.request}. */
export interface RequestOptions {
  /** Stops waiting for the answer. */
  readonly signal?: AbortSignal;
  /** How long the answer may take in ms. Default: 10,000. */
  readonly timeoutMs?: number;
}

/** A request that waits for its answer. */
interface Call {
  readonly method: string;
  resolve(data: unknown): void;
  reject(error: unknown): void;
}

/** Requests and their answers. None is sent again: a cut ends them. */
export class Requests<M extends MessageMap> {
  readonly #clock: ClientClock;
  readonly #contract: Contract<M>;
  /** Sends a request; `undefined`: there is no connection. */
  readonly #send: (method: string, data: unknown) => number | undefined;
  readonly #calls = new Map<number, Call>();

  /** @param send sends a request and returns its id; `undefined`: there is no connection. */
  constructor(
    clock: ClientClock,
    contract: Contract<M>,
    send: (method: string, data: unknown) => number | undefined,
  ) {
    this.#clock = clock;
    this.#contract = contract;
    this.#send = send;
  }

  /** `client.request`. */
  async request(
    method: string,
    data: unknown,
    options: RequestOptions,
  ): Promise<unknown> {
    const { signal, timeoutMs = DEFAULTS.requestTimeoutMs } = options;
    bound("timeoutMs", timeoutMs);
    signal?.throwIfAborted();
    const checked = this.#contract.checkRequest(method, data);
    if (!checked.ok) throw refusal(`Cannot request '${method}'`, checked);
    if (this.#calls.size >= DEFAULTS.maxRequests) {
      throw new DrumbeatError(
        "limit",
        `Cannot request '${method}': ${this.#calls.size} requests are waiting`,
      );
    }
    // As with messages, what goes out is what was given: the server's validator makes of it what its handler gets.
    const id = this.#send(method, data);
    if (id === undefined) {
      throw new DrumbeatError(
        "disconnected",
        `Cannot request '${method}': there is no connection`,
      );
    }
    return await this.#answer(id, method, timeoutMs, signal);
  }

  /** The answer came. */
  reply(id: number, data: unknown): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    try {
      const checked = this.#contract.checkReply(call.method, data);
      if (checked.ok) call.resolve(checked.value);
      else {call.reject(
          refusal(
            `The reply to '${call.method}' is not what the contract says`,
            checked,
          ),
        );}
    } catch (error) {
      // A validator that throws is the user's; so is this request.
      call.reject(error);
    }
  }

  /** The server refused it. @returns whether there is such a request. */
  refuse(id: number, error: DrumbeatError): boolean {
    const call = this.#calls.get(id);
    call?.reject(error);
    return call !== undefined;
  }

  /** Nothing will be answered any more. */
  end(error: DrumbeatError): void {
    for (const call of [...this.#calls.values()]) call.reject(error);
  }

  #answer(
    id: number,
    method: string,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const end = (): void => {
      this.#calls.delete(id);
      unwatch();
      cancel();
    };
    const call: Call = {
      method,
      resolve(data) {
        end();
        resolve(data);
      },
      reject(error) {
        end();
        reject(error);
      },
    };
    const unwatch = watchAbort(signal, () => call.reject(signal!.reason));
    const cancel = this.#clock.after(
      timeoutMs,
      () =>
        call.reject(
          new DrumbeatError(
            "timeout",
            `No answer to '${method}' within ${timeoutMs} ms`,
          ),
        ),
    );
    this.#calls.set(id, call);
    return promise;
  }
}

function refusal(
  what: string,
  { code, message, issues = [] }: {
    code: "invalid" | "unknown";
    message: string;
    issues?: readonly unknown[];
  },
): DrumbeatError {
  return new DrumbeatError(code, `${what}: ${message}`, { issues });
}
