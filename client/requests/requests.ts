import { checkNames, checkNumber } from "../../common/options.ts";
import { deferred } from "../../common/platform.ts";
import {
  type AckFrame,
  type CheckedData,
  type ClientFrame,
  type Contract,
  DrumbeatError,
  type DrumbeatErrorCode,
} from "../../messages.ts";
import { watchAbort } from "../abort.ts";
import type { ClientClock } from "../clock.ts";
import { DEFAULTS } from "../options.ts";
import type { PendingReplies, PendingReply } from "./pending_replies.ts";

/** Options of {@linkcode Client.request}. */
export interface RequestOptions {
  /** Stops the wait for the reply. @default none */
  readonly signal?: AbortSignal | undefined;
  /** The longest time until the reply, in ms. @default 10_000 */
  readonly timeoutMs?: number | undefined;
}

/**
 * The parameters of {@linkcode Client.request} after the method: data may be absent only where the contract accepts
 * `undefined`.
 *
 * @typeParam Data the data that the contract defines for the method.
 */
export type RequestArguments<Data> = undefined extends Data
  ? [data?: Data, options?: RequestOptions]
  : [data: Data, options?: RequestOptions];

/** A frame that the server answers with an ack or a reply, or with an error. */
export type RequestLikeFrame = Extract<
  ClientFrame,
  { readonly type: "request" | "history" | "presence" | "renew" }
>;

/** The description of a request. */
export interface RequestDescription {
  /** The action, which begins its error messages: "Cannot request 'rename'". */
  readonly action: string;
  /** The type of the frame that answers it. */
  readonly answer: "reply" | "ack";
  /** Checks the data of the reply. */
  readonly check?: (data: unknown) => CheckedData;
}

/** The open connection of a client. */
export interface FrameSender {
  /** True from `start` until the connection closes. */
  readonly isOpen: boolean;
  /** Sends a frame within the server's rates. */
  send(frame: ClientFrame): void;
}

/** Parameters of {@linkcode Requests}. */
export interface RequestsParameters {
  readonly clock: ClientClock;
  readonly contract: Pick<Contract, "checkRequest" | "checkReply">;
  readonly pending: PendingReplies;
  readonly sender: FrameSender;
}

/** A request that waits for its answer. */
interface PendingRequest extends PendingReply {
  readonly action: string;
  reject(error: unknown): void;
}

/** The requests of a client, and the other frames that wait for one answer. None is sent again: a closed connection ends them. */
export class Requests {
  readonly #parameters: RequestsParameters;
  readonly #requests = new Set<PendingRequest>();

  /** @param parameters the clock, the contract and the connection. */
  constructor(parameters: RequestsParameters) {
    this.#parameters = parameters;
  }

  /** Sends a request of the program: {@linkcode Client.request}. */
  async request(
    method: string,
    data: unknown,
    options: RequestOptions = {},
  ): Promise<unknown> {
    const { contract } = this.#parameters;
    const action = `Cannot request '${method}'`;
    checkNames(action, options, { signal: true, timeoutMs: true });
    const checked = contract.checkRequest(method, data);
    if (!checked.ok) throw refusal(action, checked);
    return await this.send(
      {
        action,
        answer: "reply",
        check: (reply) => contract.checkReply(method, reply),
      },
      // The data as given, as with messages: the server's validator produces what its handler receives.
      (id) => ({ type: "request", id, method, data }),
      options,
    );
  }

  /** Sends a new token. @returns the server's ack. */
  async renew(token: string): Promise<AckFrame> {
    return await this.send(
      { action: "Cannot renew the token", answer: "ack" },
      (id) => ({ type: "renew", id, token }),
    ) as AckFrame;
  }

  /**
   * Sends a frame and waits for its answer.
   *
   * @param description the action and the kind of answer.
   * @param make creates the frame with its id.
   * @param options a signal and a timeout.
   * @returns the data of the reply, or the ack.
   */
  async send(
    description: RequestDescription,
    make: (id: number) => RequestLikeFrame,
    options: RequestOptions = {},
  ): Promise<unknown> {
    const { sender, pending } = this.#parameters;
    const { action } = description;
    const { signal, timeoutMs = DEFAULTS.requestTimeoutMs } = options;
    checkNumber(action, "timeoutMs", timeoutMs);
    signal?.throwIfAborted();
    const waiting = this.#requests.size;
    if (waiting >= DEFAULTS.maxRequests) {
      throw new DrumbeatError(
        "limit",
        `${action}: ${waiting} requests are waiting (at most ${DEFAULTS.maxRequests})`,
      );
    }
    if (!sender.isOpen) {
      throw new DrumbeatError(
        "disconnected",
        `${action}: the client is not connected`,
      );
    }
    const id = pending.nextId();
    const answer = this.#wait(id, description, timeoutMs, signal);
    sender.send(make(id));
    return await answer;
  }

  /**
   * Rejects every request.
   *
   * @param code `disconnected` or `closed`.
   * @param cause the cause in the error's message: "the connection closed".
   */
  rejectAll(code: DrumbeatErrorCode, cause: string): void {
    for (const { action, reject } of [...this.#requests]) {
      reject(new DrumbeatError(code, `${action}: ${cause}`));
    }
  }

  #wait(
    id: number,
    { action, answer, check }: RequestDescription,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    const { clock, pending } = this.#parameters;
    const { promise, resolve, reject } = deferred<unknown>();
    const end = (): void => {
      this.#requests.delete(request);
      pending.forget(id);
      unwatch();
      cancel();
    };
    const request: PendingRequest = {
      action,
      settle(frame) {
        if (frame.type !== answer) return false;
        end();
        if (frame.type !== "reply") resolve(frame);
        else {
          try {
            const checked = check?.(frame.data) ??
              { ok: true, value: frame.data };
            if (checked.ok) resolve(checked.value);
            else reject(refusal(`${action}: the reply is not valid`, checked));
          } catch (error) {
            // The program's own validator threw.
            reject(error);
          }
        }
        return true;
      },
      refuse(error) {
        end();
        reject(error);
      },
      reject(error) {
        end();
        reject(error);
      },
    };
    const unwatch = watchAbort(signal, () => request.reject(signal!.reason));
    const cancel = clock.after(
      timeoutMs,
      () =>
        request.reject(
          new DrumbeatError(
            "timeout",
            `${action}: no reply within ${timeoutMs} ms`,
          ),
        ),
    );
    this.#requests.add(request);
    pending.add(id, request);
    return promise;
  }
}

function refusal(
  action: string,
  { code, message, issues = [] }: Exclude<CheckedData, { ok: true }>,
): DrumbeatError {
  return new DrumbeatError(code, `${action}: ${message}`, { issues });
}
