import { LOBBY, nestingProblem, parseObject } from "../../messages.ts";
import { DENIED } from "../access/access.ts";
import type { Connection } from "../peers/connection.ts";
import type { Core } from "../core.ts";
import type { Dialect } from "../peers/dialect.ts";
import type { Run } from "../log/run.ts";
import { encodeRefusal, type Refusal } from "../refusal.ts";
import { Topic } from "../log/topic.ts";

/** The plain dialect: any WebSocket client, one message per frame, no envelope. docs/protocol.md, "Plain". */
export class PlainDialect implements Dialect {
  readonly name = "plain";
  /** It has no acknowledgements. */
  readonly isOwed = false;
  readonly #core: Core;
  readonly #connection: Connection;

  constructor(core: Core, connection: Connection) {
    this.#core = core;
    this.#connection = connection;
  }

  opened(): void {
    const { access } = this.#core;
    if (!access.asks) return this.#start();
    // At once where it was asked about before the upgrade; nothing goes in or out before.
    access.identify(this.#connection).then(
      (verdict) => {
        if (this.#connection.isDetached) return;
        const denial = typeof verdict === "string"
          ? verdict
          : access.enter(this.#connection, verdict);
        if (denial === undefined) return this.#start();
        this.#core.connections.leave(this.#connection, ...DENIED[denial]);
      },
    ).catch((error) =>
      this.#core.abandon(this.#connection, error, "authorize")
    );
  }

  #start(): void {
    this.#connection.control(
      `{"type":"start","time":${this.#core.clock.time()}}`,
    );
    const lobby = this.#core.openFor(this.#connection, "subscribe", LOBBY);
    if (!(lobby instanceof Topic)) this.#refuse(lobby);
    else {
      lobby.whenOpen(() => {
        if (!this.#connection.isDetached) {
          this.#core.subscribe(this.#connection, lobby, {});
        }
      });
    }
    this.#core.connections.joined(this.#connection);
    this.#core.heartbeat.watch(this.#connection);
  }

  receive(data: string | Uint8Array<ArrayBuffer>): void {
    if (!this.#connection.joined) {
      const message = "Wait for start";
      return this.#refuse({ code: "unauthenticated", message });
    }
    if (typeof data !== "string") return this.#publish(data);
    const tooDeep = nestingProblem(data, this.#core.limits.depth);
    if (tooDeep !== undefined) {
      return this.#refuse({ code: "invalid", message: tooDeep });
    }
    const parsed = parseObject(data);
    if (!parsed.ok) {
      return this.#refuse({ code: "malformed", message: parsed.message });
    }
    if (parsed.value.type === "ping") {
      return this.#connection.control(
        `{"type":"pong","time":${this.#core.clock.time()}}`,
      );
    }
    this.#publish(parsed.value);
  }

  get unackedBytes(): number {
    return this.#connection.socket.bufferedAmount;
  }

  get hasCredit(): boolean {
    return this.#connection.socket.bufferedAmount <
      this.#core.limits.windowBytes;
  }

  deliver(run: Run, from: number): number {
    const { socket } = this.#connection;
    while (from < run.head && this.hasCredit) {
      const offset = run.next(from);
      socket.send(run.record(offset).body);
      from = offset + 1;
    }
    return from;
  }

  gap(topic: string, from: number, to: number): void {
    this.#connection.control(JSON.stringify({ type: "gap", topic, from, to }));
  }

  probe(): boolean {
    const { socket } = this.#connection;
    socket.ping?.(() => this.#connection.heard());
    return socket.ping !== undefined;
  }

  subscribed(): void {}

  goaway(): void {}

  left(): void {}

  #publish(message: object): void {
    const lobby = this.#core.openFor(this.#connection, "publish", LOBBY);
    if (!(lobby instanceof Topic)) return this.#refuse(lobby);
    this.#core.publisher.publish({
      topic: lobby,
      message,
      connection: this.#connection,
      settled: (outcome) => {
        if ("code" in outcome) this.#refuse(outcome);
      },
    });
  }

  #refuse(refusal: Refusal): void {
    this.#connection.control(encodeRefusal(refusal));
  }
}
