import { LOBBY, parseObject } from "../messages.ts";
import type { Connection } from "./connection.ts";
import type { Core } from "./core.ts";
import type { Dialect, Run } from "./dialect.ts";
import { Topic } from "./topic.ts";

/** The plain dialect: any WebSocket client, one message per frame, no envelope. docs/protocol.md, "Plain". */
export class PlainDialect implements Dialect {
  readonly name = "plain";
  readonly #core: Core;
  readonly #connection: Connection;

  constructor(core: Core, connection: Connection) {
    this.#core = core;
    this.#connection = connection;
  }

  opened(): void {
    this.#connection.control(
      `{"type":"start","time":${this.#core.clock.time()}}`,
    );
    const lobby = this.#core.topics.open(LOBBY);
    if (!(lobby instanceof Topic)) this.#error(lobby.code, lobby.message);
    else {
      lobby.whenOpen(() => {
        if (!this.#connection.hasLeft) {
          this.#core.subscribe(this.#connection, lobby, {});
        }
      });
    }
    this.#core.joined(this.#connection);
  }

  receive(data: string | Uint8Array<ArrayBuffer>): void {
    if (typeof data !== "string") return this.#publish(data);
    const parsed = parseObject(data);
    if (!parsed.ok) return this.#error("malformed", parsed.message);
    if (parsed.value.type === "ping") {
      return this.#connection.control(
        `{"type":"pong","time":${this.#core.clock.time()}}`,
      );
    }
    this.#publish(parsed.value);
  }

  get hasCredit(): boolean {
    return this.#connection.socket.bufferedAmount <
      this.#core.limits.windowBytes;
  }

  deliver(run: Run, from: number): number {
    const { socket } = this.#connection;
    while (from < run.head && this.hasCredit) {
      socket.send(run.record(from++).body);
    }
    return from;
  }

  gap(topic: string, from: number, to: number): void {
    this.#connection.control(JSON.stringify({ type: "gap", topic, from, to }));
  }

  probe(): boolean {
    return false;
  }

  goaway(): void {}

  left(): void {}

  #publish(message: object): void {
    this.#core.publish({
      topic: LOBBY,
      message,
      connection: this.#connection,
      settled: (outcome) => {
        if ("code" in outcome) {
          this.#error(outcome.code, outcome.message, outcome.issues);
        }
      },
    });
  }

  #error(code: string, message: string, issues?: readonly unknown[]): void {
    this.#connection.control(
      JSON.stringify({ type: "error", code, message, issues }),
    );
  }
}
