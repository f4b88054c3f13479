import {
  applyValidator,
  type CheckedData,
  type Contract,
  type ErrorCode,
  type MessageMap,
  type Validator,
} from "../messages.ts";
import type { Peer } from "./peer.ts";
import type { Refusal } from "./refusal.ts";

/** Answers a request. What it returns, or resolves to, is the reply. */
export type RequestHandler<Data, Reply> = (
  data: Data,
  peer: Peer,
) => Reply | Promise<Reply>;

/** Thrown by a request handler, it goes to the client as it is. Anything else is the error `failed`, without a word. */
export class RequestError extends Error {
  /** `RequestError`. */
  override readonly name = "RequestError";
  /** The error code that the client sees. */
  readonly code: ErrorCode;

  /**
   * For a request handler to throw.
   *
   * @param message what the client is told.
   * @param code the code it is told. Default: `failed`.
   */
  constructor(message: string, code: ErrorCode = "failed") {
    super(message);
    this.code = code;
  }
}

interface Method {
  readonly validator: Validator | undefined;
  readonly handler: RequestHandler<never, unknown>;
}

/** The methods that the program answers. What a handler throws goes to `onError`, not over the wire. */
export class Requests {
  readonly #methods = new Map<string, Method>();
  readonly #contract: Contract<MessageMap>;
  readonly #failed: (error: unknown) => void;

  constructor(
    contract: Contract<MessageMap>,
    failed: (error: unknown) => void,
  ) {
    this.#contract = contract;
    this.#failed = failed;
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
      return { code: "unknown", message: `There is no request '${method}'` };
    }
    try {
      const checked = this.#check(method, data, handling.validator);
      if (!checked.ok) return checked;
      return { data: await handling.handler(checked.value as never, peer) };
    } catch (error) {
      if (error instanceof RequestError) {
        return { code: error.code, message: error.message };
      }
      this.#failed(error);
      return { code: "failed", message: `The request '${method}' failed` };
    }
  }

  #check(
    method: string,
    data: unknown,
    validator: Validator | undefined,
  ): CheckedData {
    if (validator === undefined) {
      return this.#contract.checkRequest(method, data);
    }
    const result = applyValidator(method, data, validator);
    return result.ok ? result : { ...result, code: "invalid" };
  }
}
