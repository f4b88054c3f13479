import { type Binary, bodyOf } from "../publish/body.ts";
import type { Connection } from "../connection/connection.ts";
import type { Dialect, DialectHost } from "./dialect.ts";
import { DroppedEvent } from "../events.ts";
import { heartbeatOf } from "../connection/liveness.ts";
import type { Settings } from "../options.ts";
import { Outbox } from "../publish/outbox.ts";

const PING = '{"type":"ping"}';
const PONG = '{"type":"pong"';

/** The plain dialect: any WebSocket server, messages as they come, no greeting, no resume. */
export class Plain implements Dialect {
  readonly protocols: string[];
  readonly #settings: Settings;
  readonly #host: DialectHost;
  readonly #outbox: Outbox;
  #connection: Connection | undefined;

  constructor(settings: Settings, host: DialectHost) {
    this.protocols = settings.protocols;
    this.#settings = settings;
    this.#host = host;
    this.#outbox = new Outbox(
      settings.outbox,
      settings.clock,
      ({ topic, message }, reason) =>
        host.emit(new DroppedEvent({ topic, message, reason })),
    );
  }

  get unsentBytes(): number {
    return this.#outbox.unsentBytes;
  }

  opened(connection: Connection): void {
    this.#connection = connection;
    connection.ready(
      heartbeatOf(this.#settings.heartbeat),
      () => void connection.send(PING),
    );
    this.#host.ready();
    // Those who heard of it may have closed it.
    if (this.#connection !== connection) return;
    this.#outbox.open({
      inflight: Infinity,
      send: (_topic, body) => connection.send(body) ? "settled" : "closing",
    }, true);
  }

  received(data: string | Uint8Array<ArrayBuffer>): void {
    if (typeof data === "string" && data.startsWith(PONG)) {
      const beat = this.#connection?.liveness?.ponged();
      if (beat !== undefined) this.#host.beat(beat.rttMs);
    }
    this.#host.message(data);
  }

  cut(): void {
    this.#connection = undefined;
    this.#outbox.cut();
  }

  close(): void {
    this.#connection = undefined;
    this.#outbox.close();
  }

  send(data: string | Binary): void {
    this.#outbox.post({
      topic: "",
      message: data,
      ...bodyOf(data),
      stored() {},
      failed() {},
    });
  }
}
