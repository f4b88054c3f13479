import { checkNames, checkNumber } from "../../common/options.ts";
import { deferred } from "../../common/platform.ts";
import {
  type AckFrame,
  type CheckedData,
  type ClientFrame,
  type Contract,
  DrumbeatError,
  encode,
  utf8Length,
} from "../../messages.ts";
import { watchAbort } from "../abort.ts";
import type { ClientClock } from "../clock.ts";
import { asJson } from "./as_json.ts";
import { DEFAULTS } from "../options.ts";
import type { FrameSender, SentFrame } from "./frame_sender.ts";
import type { PendingReplies, PendingReply } from "./pending_replies.ts";

/** Options of {@linkcode Client.request}. */
export interface RequestOptions {
  /** Stops the wait for the reply. @default none */
  readonly signal?: AbortSignal | undefined;
  /** The longest time until the reply, in ms; the wait for a connection counts. @default 10_000 */
  readonly timeoutMs?: number | undefined;
}

/**
 * The parameters of {@linkcode Client.request} after the method: data may be absent only if the contract accepts
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

/** Parameters of {@linkcode Requests}. */
export interface RequestsParameters {
  readonly clock: ClientClock;
  readonly contract: Pick<Contract, "checkRequest" | "checkReply">;
  readonly pending: PendingReplies;
  readonly sender: FrameSender;
}

/** A request without a result. */
interface OpenRequest {
  readonly id: number;
  readonly action: string;
  readonly type: RequestLikeFrame["type"];
  /** The encoded frame. */
  readonly frame: string;
  readonly bytes: number;
  /** The frame of this connection; `undefined` while the request waits for a connection, or for another one's answer. */
  sent: SentFrame | undefined;
  settle: PendingReply["settle"];
  reject(error: unknown): void;
}

/**
 * The requests of a client, and the other frames that wait for one answer. A request or a history read waits for a connection,
 * and until the server accepts one more. None is sent twice: a closed connection ends what was sent.
 */
export class Requests {
  readonly #parameters: RequestsParameters;
  /** Every request without a result, in the order of the calls. */
  readonly #requests = new Set<OpenRequest>();
  /** The part of `#requests` that waits to be sent. */
  readonly #waiting = new Set<OpenRequest>();
  /** The ids that the server has to answer on this connection; a request without a caller stays until its answer. */
  readonly #inflight = new Set<number>();

  /** @param parameters the clock, the contract and the connection. */
  constructor(parameters: RequestsParameters) {
    this.#parameters = parameters;
  }

  /** The number of frames on this connection that count as in flight and have no answer. */
  get inflight(): number {
    return this.#inflight.size;
  }

  /** True while a request waits to be sent. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
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
    const checked = contract.checkRequest(method, asJson(data));
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
   * Sends a frame and waits for its answer. `presence` and `renew` belong to one connection, and do not wait for one.
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
    const count = this.#requests.size;
    if (count >= DEFAULTS.maxRequests) {
      throw new DrumbeatError(
        "limit",
        `${action}: ${count} requests are waiting (at most ${DEFAULTS.maxRequests})`,
      );
    }
    const frame = make(pending.nextId());
    if (!sender.isOpen && !waits(frame.type)) {
      throw new DrumbeatError(
        "disconnected",
        `${action}: the client is not connected`,
      );
    }
    // At once, as with messages: the program may change its data before the frame is sent.
    const text = encode(frame);
    const bytes = utf8Length(text);
    const tooLarge = this.#tooLarge(action, frame.type, bytes);
    if (tooLarge !== undefined) throw tooLarge;
    const { promise, request } = this.#open(
      { id: frame.id, action, type: frame.type, frame: text, bytes },
      description,
      timeoutMs,
      signal,
    );
    if (waits(frame.type)) {
      this.#waiting.add(request);
      this.flush();
    } else this.#transmit(request);
    return await promise;
  }

  /** Sends the waiting requests that the server accepts: a connection is open, or an answer has come. */
  flush(): void {
    const { sender } = this.#parameters;
    for (const request of this.#waiting) {
      // Sending calls the program's listeners, which may close the connection.
      if (!sender.isOpen) return;
      const { action, type, bytes } = request;
      // Again: the server of this connection may have another limit.
      const tooLarge = this.#tooLarge(action, type, bytes);
      if (tooLarge !== undefined) request.reject(tooLarge);
      else {
        if (!sender.hasCapacity()) return;
        this.#waiting.delete(request);
        this.#inflight.add(request.id);
        this.#transmit(request);
      }
    }
  }

  /** Handles the close of the connection: what was sent is rejected, and what was not sent waits for the next connection. */
  connectionClosed(): void {
    this.#forgetInflight();
    for (const request of [...this.#requests]) {
      if (request.sent === undefined) continue;
      this.#parameters.pending.forget(request.id);
      if (request.sent.isTransmitted || !waits(request.type)) {
        request.reject(
          new DrumbeatError(
            "disconnected",
            `${request.action}: the connection closed`,
          ),
        );
      } else {
        request.sent = undefined;
        this.#waiting.add(request);
      }
    }
  }

  /** Rejects every request: the client is closed. */
  close(): void {
    this.#forgetInflight();
    for (const { id, action, reject } of [...this.#requests]) {
      this.#parameters.pending.forget(id);
      reject(new DrumbeatError("closed", `${action}: the client was closed`));
    }
  }

  #forgetInflight(): void {
    for (const id of this.#inflight) this.#parameters.pending.forget(id);
    this.#inflight.clear();
  }

  #tooLarge(
    action: string,
    type: RequestLikeFrame["type"],
    bytes: number,
  ): DrumbeatError | undefined {
    const maxBytes = this.#parameters.sender.maxBytes(type);
    return bytes <= maxBytes ? undefined : new DrumbeatError(
      "large",
      `${action}: the frame has ${bytes} bytes (at most ${maxBytes})`,
    );
  }

  #transmit(request: OpenRequest): void {
    const { pending, sender } = this.#parameters;
    const { id, frame, bytes } = request;
    pending.add(id, {
      settle: (answer) => {
        // After a timeout the server still owes the answer, and counts the request until then.
        if (!this.#requests.has(request)) return this.#inflight.delete(id);
        if (!request.settle(answer)) return false;
        this.#inflight.delete(id);
        return true;
      },
      refuse: (error) => {
        this.#inflight.delete(id);
        request.reject(error);
      },
    });
    request.sent = sender.send(frame, bytes);
  }

  #open(
    frame: Pick<OpenRequest, "id" | "action" | "type" | "frame" | "bytes">,
    { action, answer, check }: RequestDescription,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): { readonly promise: Promise<unknown>; readonly request: OpenRequest } {
    const { clock } = this.#parameters;
    const { promise, resolve, reject } = deferred<unknown>();
    const request: OpenRequest = {
      ...frame,
      sent: undefined,
      settle: (frame) => {
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
      reject(error) {
        end();
        reject(error);
      },
    };
    const unwatch = watchAbort(
      signal,
      () => this.#abandon(request, signal!.reason),
    );
    const cancel = clock.after(timeoutMs, () => {
      const what = request.sent?.isTransmitted ? "no reply" : "not sent";
      this.#abandon(
        request,
        new DrumbeatError(
          "timeout",
          `${action}: ${what} within ${timeoutMs} ms`,
        ),
      );
    });
    const end = (): void => {
      this.#requests.delete(request);
      this.#waiting.delete(request);
      unwatch();
      cancel();
    };
    this.#requests.add(request);
    return { promise, request };
  }

  /** Ends a request without an answer. What was not transmitted is withdrawn: others must not wait behind it. */
  #abandon(request: OpenRequest, error: unknown): void {
    const { id, sent } = request;
    if (sent?.isTransmitted === false) {
      sent.cancel();
      this.#inflight.delete(id);
    }
    // The server counts a request that was sent until it has answered it.
    if (!this.#inflight.has(id)) this.#parameters.pending.forget(id);
    request.reject(error);
    this.flush();
  }
}

/** Returns true for a frame that waits for a connection, and counts against the server's `inflight`. */
function waits(type: RequestLikeFrame["type"]): boolean {
  return type === "request" || type === "history";
}

function refusal(
  action: string,
  { code, message, issues = [] }: Exclude<CheckedData, { ok: true }>,
): DrumbeatError {
  return new DrumbeatError(code, `${action}: ${message}`, { issues });
}
