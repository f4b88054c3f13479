import { checkNames, checkNumber } from "../../common/options.ts";
import {
  type Contract,
  DrumbeatError,
  encodeBinary,
  LOBBY,
  type MessageMap,
  utf8Length,
  type WireLimits,
} from "../../messages.ts";
import type { IgnoredRejections } from "../../common/ignored_rejections.ts";
import { type Binary, bodyOf, isBinary } from "./body.ts";
import type { InflightBudget } from "../protocol/inflight.ts";
import type { Body } from "./outgoing_message.ts";
import { Outbox, type OutboxParameters } from "./outbox.ts";
import type { Pacer } from "./pacing.ts";

/** Options of {@linkcode Topic.publish}. */
export interface PublishOptions {
  /** Withdraws the message, or, once it is sent, stops the wait for its outcome. @default none */
  readonly signal?: AbortSignal | undefined;
  /** The longest time to its outcome, in ms. @default the option `outbox.maxAgeMs` of `connect` */
  readonly timeoutMs?: number | undefined;
}

/** Parameters of a {@linkcode Publisher}. */
export interface PublisherParameters<M extends MessageMap>
  extends OutboxParameters {
  readonly contract: Pick<Contract<M>, "check">;
  readonly rejections: IgnoredRejections;
  /** Shows the program an error that no promise carries. */
  readonly showError: (error: DrumbeatError) => void;
}

/** Checks and encodes what the program publishes, and sends it through the outbox as `publish` frames. */
export class Publisher<M extends MessageMap> {
  /** The messages that wait to be sent or settled. */
  readonly outbox: Outbox;
  readonly #parameters: PublisherParameters<M>;

  /** @param parameters the contract, the outbox' bounds and the receivers. */
  constructor(parameters: PublisherParameters<M>) {
    this.#parameters = parameters;
    this.outbox = new Outbox(parameters);
  }

  /** Publishes: {@linkcode Topic.publish}. The message is in the outbox when this returns, so messages keep the order of the calls. */
  publish(
    topic: string,
    message: unknown,
    options: PublishOptions | undefined,
  ): Promise<number> {
    return this.#parameters.rejections.promise((resolve, reject) => {
      const action = `Cannot publish to '${topic}'`;
      if (options !== undefined) {
        checkNames(action, options, { signal: true, timeoutMs: true });
      }
      const { signal, timeoutMs } = options ?? {};
      if (timeoutMs !== undefined) checkNumber(action, "timeoutMs", timeoutMs);
      const content = isBinary(message) ? message : this.#text(action, message);
      this.outbox.enqueue({
        topic,
        message,
        ...bodyOf(content),
        signal,
        timeoutMs,
        resolve,
        reject,
      });
    });
  }

  /** Publishes to the lobby: {@linkcode Client.send}. @throws {DrumbeatError} `limit` if the outbox is full. */
  send(data: string | Binary): void {
    this.outbox.send(
      { topic: LOBBY, message: data, ...bodyOf(data) },
      (error) => this.#parameters.showError(error),
    );
  }

  /** Sends the waiting messages: the server has answered the hello. */
  open(
    pacer: Pacer,
    limits: WireLimits,
    resumed: boolean,
    budget: InflightBudget,
  ): void {
    const { pending } = this.#parameters;
    this.outbox.open({
      get inflight() {
        return budget.maxPublishes;
      },
      send: (topic, body, sentId) => {
        if (!pacer.isReady) return "later";
        const id = sentId ?? pending.nextId();
        const frame = encodePublish(id, topic, body);
        const bytes = typeof frame === "string"
          ? utf8Length(frame)
          : frame.length;
        // The server would close the connection with 1009, after which the client does not reconnect.
        if (bytes > limits.messageBytes) return "large";
        const result = pacer.trySend(frame, bytes);
        if (result !== "sent") return result;
        budget.sent("publishes");
        return id;
      },
    }, resumed);
  }

  #text(action: string, message: unknown): string {
    const text = JSON.stringify(message) as string | undefined;
    // Checks what JSON makes of the message, as the server will: `toJSON` and getters may change it.
    const checked = this.#parameters.contract.check(
      text === undefined ? undefined : JSON.parse(text),
    );
    if (!checked.ok) {
      const { code, message: cause, issues = [] } = checked;
      throw new DrumbeatError(code, `${action}: ${cause}`, { issues });
    }
    // The message as given: the server's validator produces what is stored, once.
    return text!;
  }
}

function encodePublish(id: number, topic: string, body: Body): Body {
  const head = `{"type":"publish","id":${id},"topic":${JSON.stringify(topic)}`;
  return typeof body === "string"
    ? `${head},"message":${body}}`
    : encodeBinary(`${head}}`, body);
}
