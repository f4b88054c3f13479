import type { MessageMap } from "../../messages.ts";
import type { Connection, FrameData } from "../connection/connection.ts";
import { selectHeartbeat } from "../connection/liveness.ts";
import type { Settings } from "../options.ts";
import { type Binary, bodyOf } from "../publish/body.ts";
import { Outbox } from "../publish/outbox.ts";
import { PendingReplies } from "../requests/pending_replies.ts";
import type { Dialect, DialectHost } from "./dialect.ts";

const PING = '{"type":"ping"}';
/** The first message of a Drumbeat hub. */
const START = /^\{"type":"start","time":\d+[,}]/;
const PONG = '{"type":"pong"';

/** The plain dialect: any WebSocket server and any messages, without a hello and without resume. */
export class Plain<M extends MessageMap> implements Dialect {
  readonly protocols: string[];
  readonly #settings: Settings;
  readonly #host: DialectHost<M>;
  readonly #outbox: Outbox;
  #connection: Connection | undefined;
  /** True once the server of this connection has sent `start`. */
  #isStarted = false;

  /**
   * @param settings the client's settings.
   * @param host the client.
   */
  constructor(settings: Settings, host: DialectHost<M>) {
    this.protocols = settings.protocols;
    this.#settings = settings;
    this.#host = host;
    this.#outbox = new Outbox({
      ...settings,
      pending: new PendingReplies(),
      dropped: ({ topic, message }, reason) =>
        host.emit("dropped", { topic, message, reason }),
    });
  }

  get unsentBytes(): number {
    return this.#outbox.unsentBytes;
  }

  opened(connection: Connection): void {
    this.#connection = connection;
    this.#isStarted = false;
    // Until the server has sent `start`, it may be any: a ping could be a message there, and silence is normal.
    connection.ready(selectHeartbeat(false), () => {});
    // Before the event `open`: its handlers may send, and close the client in the next line.
    this.#outbox.open({
      inflight: Infinity,
      send: (_topic, body) => connection.send(body) ? "settled" : "closing",
    }, true);
    // A listener of raw frames may have closed it.
    if (this.#connection === connection) this.#host.ready();
  }

  received(data: FrameData): void {
    const connection = this.#connection;
    // The client is closed, and the rest of its data is being sent.
    if (connection === undefined) return;
    if (
      !this.#isStarted &&
      typeof data === "string" && START.test(data)
    ) {
      this.#isStarted = true;
      connection.ready(
        selectHeartbeat(this.#settings.heartbeat),
        (_isRequested, sent) => {
          sent();
          connection.send(PING);
        },
      );
    }
    if (typeof data === "string" && data.startsWith(PONG)) {
      const result = connection.liveness?.pong();
      if (result !== undefined) this.#host.heartbeat(result.rttMs);
    }
    this.#host.showMessage(data);
  }

  /** Returns true: of the codes of another server, none means that the client has to stay closed. */
  overridesClose(): boolean {
    return true;
  }

  connectionClosed(): void {
    this.#connection = undefined;
    this.#outbox.connectionClosed();
  }

  finish(done: () => void): void {
    this.#outbox.finish(done);
  }

  close(): void {
    this.#connection = undefined;
    this.#outbox.close();
  }

  send(data: string | Binary): void {
    this.#outbox.send({ topic: "", message: data, ...bodyOf(data) });
  }
}
