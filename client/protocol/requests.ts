import type {
  AckFrame,
  CheckedData,
  ClientFrame,
  Contract,
  Issue,
  MessageMap,
} from "../../messages.ts";
import { watchAbort } from "../abort.ts";
import type { ClientClock } from "../clock.ts";
import { DrumbeatError } from "../../messages.ts";
import { bound, DEFAULTS } from "../options.ts";

/** Options of {@linkcode Client.request}. */
export interface RequestOptions {
  /** Stops waiting for the answer. */
  readonly signal?: AbortSignal;
  /** How long the answer may take in ms. Default: 10,000. */
  readonly timeoutMs?: number;
}

/** What {@linkcode Client.request} takes after the method: data that the contract asks for cannot be left out. */
export type RequestArguments<Data> = undefined extends Data
  ? [data?: Data, options?: RequestOptions]
  : [data: Data, options?: RequestOptions];

/** A frame that the server answers. */
export type Question = Extract<
  ClientFrame,
  { readonly type: "request" | "history" | "presence" | "renew" }
>;

/** What is asked. */
export interface Asked {
  /** What it is, for people: "request 'rename'". */
  readonly what: string;
  /** The frame that answers it. */
  readonly answer: "reply" | "ack";
  /** Holds the data of the reply against the contract. */
  readonly check?: (data: unknown) => CheckedData;
}

/** A question that waits for its answer. */
interface Call {
  readonly asked: Asked;
  resolve(data: unknown): void;
  reject(error: unknown): void;
}

/** Sends a question, made with the next id, and returns that id; `undefined`: there is no connection. */
export type SendQuestion = (
  make: (id: number) => Question,
) => number | undefined;

/** Requests, and other questions, and their answers. None is sent again: a cut ends them. */
export class Requests<M extends MessageMap> {
  readonly #clock: ClientClock;
  readonly #contract: Contract<M>;
  readonly #send: SendQuestion;
  readonly #calls = new Map<number, Call>();

  constructor(
    clock: ClientClock,
    contract: Contract<M>,
    send: SendQuestion,
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
    const checked = this.#contract.checkRequest(method, data);
    if (!checked.ok) throw refusal(`Cannot request '${method}'`, checked);
    return await this.ask(
      {
        what: `request '${method}'`,
        answer: "reply",
        check: (reply) => this.#contract.checkReply(method, reply),
      },
      // As with messages, what goes out is what was given: the server's validator makes of it what its handler gets.
      (id) => ({ type: "request", id, method, data }),
      options,
    );
  }

  /** Gives the server a new token. */
  async renew(token: string): Promise<AckFrame> {
    const asked: Asked = { what: "a new token", answer: "ack" };
    return await this.ask(
      asked,
      (id) => ({ type: "renew", id, token }),
    ) as AckFrame;
  }

  /**
   * Asks the server something.
   *
   * @param asked what it is.
   * @param make makes the frame.
   * @param options a signal and a timeout.
   * @returns the data of the reply; the ack itself.
   */
  async ask(
    asked: Asked,
    make: (id: number) => Question,
    options: RequestOptions = {},
  ): Promise<unknown> {
    const { what } = asked;
    const { signal, timeoutMs = DEFAULTS.requestTimeoutMs } = options;
    bound("timeoutMs", timeoutMs);
    signal?.throwIfAborted();
    if (this.#calls.size >= DEFAULTS.maxRequests) {
      throw new DrumbeatError(
        "limit",
        `Cannot ask for ${what}: ${this.#calls.size} answers are waited for`,
      );
    }
    const id = this.#send(make);
    if (id === undefined) {
      throw new DrumbeatError(
        "disconnected",
        `Cannot ask for ${what}: there is no connection`,
      );
    }
    return await this.#answer(id, asked, timeoutMs, signal);
  }

  /** An ack came. */
  acked(ack: AckFrame): boolean {
    const call = this.#calls.get(ack.id);
    if (call?.asked.answer !== "ack") return false;
    call.resolve(ack);
    return true;
  }

  /** A reply came. */
  reply(id: number, data: unknown): void {
    const call = this.#calls.get(id);
    if (call?.asked.answer !== "reply") return;
    const { what, check } = call.asked;
    try {
      const checked = check?.(data) ?? { ok: true, value: data };
      if (checked.ok) call.resolve(checked.value);
      else {
        const title = `The answer to ${what} is not what the contract says`;
        call.reject(refusal(title, checked));
      }
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
    asked: Asked,
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
      asked,
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
            `No answer to ${asked.what} within ${timeoutMs} ms`,
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
    code: "invalid" | "unsupported";
    message: string;
    issues?: readonly Issue[];
  },
): DrumbeatError {
  return new DrumbeatError(code, `${what}: ${message}`, { issues });
}
