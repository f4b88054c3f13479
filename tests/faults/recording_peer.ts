import { PROTOCOL } from "../../messages.ts";
import { bodyOf } from "./recorder.ts";
import type { Position, Stream } from "./stream.ts";

/** The fields of the server's frames that a {@linkcode RecordingPeer} reads. */
interface Frame {
  readonly type: string;
  readonly session?: string;
  readonly topic?: string;
  readonly topics?: Readonly<Record<string, Position & { recovered: boolean }>>;
  readonly offset?: number;
  readonly from?: number;
  readonly to?: number;
  readonly messages?: readonly { from: string; message: unknown }[];
}

/** One connection without reconnect and without the client's checks. It subscribes to a topic and records what it receives. */
export class RecordingPeer {
  readonly stream: Stream;
  /** The session of the `start` frame. */
  session = "";
  /** True when the `start` frame states that no record is missing. */
  recovered = false;
  /** The close code, once the connection has closed. */
  code: number | undefined;
  /** The message of the socket's error event, if there was one. */
  error: string | undefined;
  /** Resolves with the `start` frame, or when the connection has closed before. */
  readonly started: Promise<void>;
  /** Resolves when the connection has closed. */
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;
  #frames = 0;

  /**
   * @param stream the record, whose topic the peer subscribes to.
   * @param session the session to resume. Default: a new one.
   * @param at the cursor's position. Default: the head.
   */
  constructor(url: string, stream: Stream, session?: string, at?: Position) {
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
    socket.onerror = (event) => {
      event.preventDefault();
      this.error = event instanceof ErrorEvent ? event.message : "no message";
    };
    socket.onclose = ({ code }) => {
      this.code = code;
      stream.unsubscribe();
      started.resolve();
      closed.resolve();
    };
  }

  /** Closes the connection. */
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
      stream.subscribed({ epoch: at.epoch, offset: at.offset });
    } else if (frame.type === "gap") {
      const { epoch } = stream.at!;
      stream.gap(frame.from!, frame.to, { epoch, offset: frame.to! });
    } else if (frame.type === "batch") {
      const { epoch } = stream.at!;
      // A message without `from` has the publisher of the message before it.
      let publisher = "";
      frame.messages!.forEach(({ from = publisher, message }, i) => {
        publisher = from;
        stream.record(epoch, frame.offset! + i, from, bodyOf(message));
      });
      this.#socket.send(`{"type":"ack","frames":${++this.#frames}}`);
    }
  }
}
