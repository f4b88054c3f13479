import {
  type Contract,
  encodeBinary,
  LOBBY,
  type MessageMap,
  utf8Length,
  type WireLimits,
} from "../../messages.ts";
import { type Binary, bodyOf, isBinary } from "./body.ts";
import { DrumbeatError } from "../../messages.ts";
import { DroppedEvent } from "../events.ts";
import type { Body } from "./outgoing_message.ts";
import { bound, type Settings } from "../options.ts";
import { Outbox } from "./outbox.ts";
import type { Pace } from "./pacing.ts";
import type { PublishOptions } from "../topics/topic.ts";

/** What a publisher needs of its session. */
export interface PublisherHost {
  /** The next id of a frame: higher than all before. */
  nextId(): number;
  emit(event: Event): void;
  /** Tells of an error that no promise waits for. */
  complain(error: DrumbeatError): void;
}

/** From what the user publishes to the `publish` frame, by way of the outbox. */
export class Publisher<M extends MessageMap> {
  /** What waits to be sent or settled. */
  readonly outbox: Outbox;
  readonly #contract: Contract<M>;
  readonly #host: PublisherHost;

  constructor(settings: Settings, contract: Contract<M>, host: PublisherHost) {
    this.#contract = contract;
    this.#host = host;
    this.outbox = new Outbox(
      settings.outbox,
      settings.clock,
      ({ topic, message }, reason) =>
        host.emit(new DroppedEvent({ topic, message, reason })),
    );
  }

  /** `topic.publish`. The outbox has it when this returns: the order of calls is the order of messages. */
  async publish(
    topic: string,
    message: unknown,
    options: PublishOptions,
  ): Promise<number> {
    const { signal, timeoutMs } = options;
    if (timeoutMs !== undefined) bound("timeoutMs", timeoutMs);
    const body = bodyOf(isBinary(message) ? message : this.#text(message));
    return await new Promise<number>((stored, failed) => {
      this.outbox.post({
        topic,
        message,
        ...body,
        signal,
        timeoutMs,
        stored,
        failed,
      });
    });
  }

  /** `client.send`: to the lobby, and no promise to reject. */
  send(data: string | Binary): void {
    this.outbox.post({
      topic: LOBBY,
      message: data,
      ...bodyOf(data),
      stored() {},
      failed: (error, refused) => {
        if (refused) this.#host.complain(error as DrumbeatError);
      },
    });
  }

  /** The server answered hello: what waits goes out, at this pace. */
  open(pace: Pace, limits: WireLimits, resumed: boolean): void {
    this.outbox.open({
      inflight: limits.inflight,
      send: (topic, body, sentAs) => {
        if (!pace.isFree) return "later";
        const id = sentAs ?? this.#host.nextId();
        const frame = encodePublish(id, topic, body);
        const bytes = typeof frame === "string"
          ? utf8Length(frame)
          : frame.length;
        // The server would close the connection for good: 1009.
        if (bytes > limits.messageBytes) return "large";
        const sent = pace.post(frame, bytes);
        return sent === "sent" ? id : sent;
      },
    }, resumed);
  }

  #text(message: unknown): string {
    const checked = this.#contract.check(message);
    if (!checked.ok) {
      const { code, message: why, issues = [] } = checked;
      throw new DrumbeatError(code, `Cannot publish: ${why}`, { issues });
    }
    // What goes out is what was given: the server's validator makes of it what is stored, once.
    return JSON.stringify(message);
  }
}

function encodePublish(id: number, topic: string, body: Body): Body {
  const head = `{"type":"publish","id":${id},"topic":${JSON.stringify(topic)}`;
  return typeof body === "string"
    ? `${head},"message":${body}}`
    : encodeBinary(`${head}}`, body);
}
