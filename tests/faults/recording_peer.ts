import { PROTOCOL } from "../../messages.ts";
import type { Place, Stream } from "./ledger.ts";
import { bodyOf } from "./recorder.ts";

/** What a server sends, as far as a raw peer reads it. */
interface Frame {
  readonly type: string;
  readonly session?: string;
  readonly topic?: string;
  readonly topics?: Readonly<Record<string, Place & { recovered: boolean }>>;
  readonly offset?: number;
  readonly from?: number;
  readonly to?: number;
  readonly messages?: readonly { from: string; message: unknown }[];
}

/** One connection that says hello and reads: no reconnect, no defence of its own. It writes down what it was sent. */
export class RawPeer {
  readonly stream: Stream;
  /** The session that `start` gave it. */
  session = "";
  /** Whether `start` said that nothing is missing. */
  recovered = false;
  /** The close code, once it is closed. */
  code: number | undefined;
  /** Resolves with `start`, or when it was closed before. */
  readonly started: Promise<void>;
  /** Resolves when it is closed. */
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;
  #frames = 0;

  /**
   * @param stream where to write down what it is sent of the stream's topic.
   * @param session to resume.
   * @param at where to start.
   */
  constructor(url: string, stream: Stream, session?: string, at?: Place) {
    this.stream = stream;
    const started = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    this.started = started.promise;
    this.closed = closed.promise;
    const socket = this.#socket = new WebSocket(url, PROTOCOL);
    socket.onopen = () =>
      socket.send(JSON.stringify({
        type: "hello",
        session,
        topics: { [stream.topic]: at ?? {} },
      }));
    socket.onmessage = ({ data }) => {
      const frame: Frame = JSON.parse(data);
      this.#receive(frame);
      if (frame.type === "start") started.resolve();
    };
    socket.onclose = ({ code }) => {
      this.code = code;
      stream.leave();
      started.resolve();
      closed.resolve();
    };
  }

  /** Closes it. */
  async close(): Promise<void> {
    this.#socket.close(4000);
    await this.closed;
  }

  #receive(frame: Frame): void {
    const { stream } = this;
    if (frame.type === "start") {
      const at = frame.topics![stream.topic]!;
      this.session = frame.session!;
      this.recovered = at.recovered;
      stream.joined({ epoch: at.epoch, offset: at.offset });
    } else if (frame.type === "gap") {
      const { epoch } = stream.at!;
      stream.gap(frame.from!, frame.to, { epoch, offset: frame.to! });
    } else if (frame.type === "batch") {
      const { epoch } = stream.at!;
      let whose = "";
      frame.messages!.forEach(({ from = whose, message }, i) => {
        whose = from;
        stream.record(epoch, frame.offset! + i, from, bodyOf(message));
      });
      this.#socket.send(`{"type":"ack","frames":${++this.#frames}}`);
    }
  }
}
