import { checkNames } from "../../common/options.ts";
import {
  applyValidator,
  type CheckedData,
  type Contract,
  DrumbeatError,
  isValidator,
  type MessageMap,
  type Validator,
} from "../../messages.ts";
import type { Clock } from "../clock.ts";
import type { Monitor } from "../observe/monitor.ts";
import type { Peer } from "../peer.ts";
import { isWireCode, type Refusal } from "../refusal.ts";
import type {
  HandleOptions,
  RequestContext,
  RequestHandler,
} from "./request_handler.ts";

interface Method {
  readonly handler: RequestHandler<never, unknown>;
  readonly validator: Validator | undefined;
}

/** The parts of the hub that {@linkcode Requests} uses. */
export interface RequestsContext {
  readonly contract: Contract<MessageMap>;
  readonly clock: Clock;
  readonly monitor: Monitor;
  /** The time that a handler has for its reply, in ms. */
  readonly timeoutMs: number;
  /** Receives the error of a handler. */
  failed(error: unknown): void;
}

/** A request whose handler has not answered yet. */
class PendingRequest implements RequestContext {
  readonly peer: Peer;
  readonly method: string;
  /** The monotonic time at which the handler's time is up. */
  readonly until: number;
  /** The handler's promise, and the function that answers the request instead of it. */
  waiting:
    | { readonly reply: Promise<unknown>; refuse(refusal: Refusal): void }
    | undefined;
  #controller: AbortController | undefined;
  #reason: DOMException | undefined;

  constructor(peer: Peer, method: string, until: number) {
    this.peer = peer;
    this.method = method;
    this.until = until;
  }

  // Most handlers do not read it, and a controller costs more than the rest of a request.
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  abort(message: string, name: "AbortError" | "TimeoutError"): void {
    this.#reason ??= new DOMException(message, name);
    this.#controller?.abort(this.#reason);
  }
}

/** The request methods that the program handles. */
export class Requests {
  readonly #methods = new Map<string, Method>();
  /** In the order of their deadlines: every request has the same time. */
  readonly #pending = new Set<PendingRequest>();
  readonly #pendingByPeer = new Map<Peer, Set<PendingRequest>>();
  readonly #context: RequestsContext;

  constructor(context: RequestsContext) {
    this.#context = context;
  }

  /**
   * Adds the handler of a method.
   *
   * @param method the method's name.
   * @param handler handles the requests.
   * @param options a signal, and a validator.
   * @returns removes the handler; idempotent.
   * @throws {TypeError} when the method has a handler, and for an unknown option or a wrong validator.
   */
  handle(
    method: string,
    handler: RequestHandler<never, unknown>,
    options: HandleOptions = {},
  ): () => void {
    const action = `Cannot handle the request '${method}'`;
    checkNames(action, options, { signal: true, data: true });
    const { signal, data: validator } = options;
    if (validator !== undefined && !isValidator(validator)) {
      throw new TypeError(
        `${action}: the option 'data' must be a type guard or a Standard Schema`,
      );
    }
    if (this.#methods.has(method)) {
      throw new TypeError(`${action}: it has a handler already`);
    }
    if (signal?.aborted) return () => {};
    const added = { handler, validator };
    const remove = (): void => {
      // The signal may outlive the handler by hours, and would keep it in memory.
      signal?.removeEventListener("abort", remove);
      if (this.#methods.get(method) === added) this.#methods.delete(method);
    };
    this.#methods.set(method, added);
    signal?.addEventListener("abort", remove);
    return remove;
  }

  /**
   * Calls the handler of a request.
   *
   * @param method the method's name: any text, from a hostile client.
   * @param data the request's data: anything.
   * @param peer the peer that sent the request.
   * @returns the reply, or the refusal. Never rejects.
   */
  async answer(
    method: string,
    data: unknown,
    peer: Peer,
  ): Promise<{ readonly data: unknown } | Refusal> {
    const found = this.#methods.get(method);
    if (found === undefined) {
      return {
        code: "unsupported",
        message: `There is no request '${method}'`,
      };
    }
    // Unknown methods are not measured: their names are attacker-controlled.
    const measured = this.#context.monitor.requested(method);
    let isRefused = true;
    try {
      const checked = this.#check(method, data, found.validator);
      if (!checked.ok) return checked;
      const called = this.#call(found, checked.value, peer, method);
      // No `await` without a promise: meanwhile more requests would arrive and count as unanswered.
      const outcome = called instanceof Promise ? await called : called;
      isRefused = "code" in outcome;
      return outcome;
    } catch (error) {
      if (error instanceof DrumbeatError && isWireCode(error.code)) {
        return { code: error.code, message: error.message };
      }
      this.#context.failed(error);
      return { code: "failed", message: `The request '${method}' failed` };
    } finally {
      measured?.(isRefused);
    }
  }

  /** Aborts the requests of a peer whose connection was closed. Their handlers may continue. */
  detach(peer: Peer): void {
    const pending = this.#pendingByPeer.get(peer);
    if (pending === undefined) return;
    this.#pendingByPeer.delete(peer);
    for (const request of pending) {
      request.abort("The peer's connection was closed", "AbortError");
    }
  }

  /** Refuses the requests whose time is up. */
  sweep(now: number): void {
    const { timeoutMs, failed } = this.#context;
    for (const request of this.#pending) {
      if (request.until > now) break;
      this.#remove(request);
      const { method } = request;
      failed(
        new Error(`The request '${method}' took more than ${timeoutMs} ms`),
      );
      const message = `The request '${method}' was not answered in time`;
      request.waiting?.refuse({ code: "failed", message });
      // The handler may still fail.
      request.waiting?.reply.catch(failed);
      request.abort(message, "TimeoutError");
    }
  }

  /** Calls a handler and waits for its reply until the request's time is up. */
  #call(
    { handler }: Method,
    data: unknown,
    peer: Peer,
    method: string,
  ):
    | { readonly data: unknown }
    | Promise<{ readonly data: unknown } | Refusal> {
    const { clock, timeoutMs } = this.#context;
    const request = new PendingRequest(peer, method, clock.now() + timeoutMs);
    this.#add(request);
    let reply: unknown;
    try {
      reply = handler(data as never, request);
    } catch (error) {
      this.#remove(request);
      throw error;
    }
    if (reply instanceof Promise) return this.#wait(request, reply);
    this.#remove(request);
    return { data: reply };
  }

  async #wait(
    request: PendingRequest,
    reply: Promise<unknown>,
  ): Promise<{ readonly data: unknown } | Refusal> {
    const late = Promise.withResolvers<Refusal>();
    request.waiting = { reply, refuse: late.resolve };
    try {
      const answered = reply.then((data) => ({ data }));
      return await Promise.race([answered, late.promise]);
    } finally {
      this.#remove(request);
    }
  }

  #add(request: PendingRequest): void {
    const { peer } = request;
    this.#pending.add(request);
    const ofPeer = this.#pendingByPeer.get(peer) ?? new Set();
    this.#pendingByPeer.set(peer, ofPeer.add(request));
  }

  #remove(request: PendingRequest): void {
    const { peer } = request;
    this.#pending.delete(request);
    const ofPeer = this.#pendingByPeer.get(peer);
    if (ofPeer?.delete(request) && ofPeer.size === 0) {
      this.#pendingByPeer.delete(peer);
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
