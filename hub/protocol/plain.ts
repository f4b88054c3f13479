import {
  LOBBY,
  nestingProblem,
  numberProblem,
  parseObject,
  type Subscribed,
} from "../../messages.ts";
import { DENIED } from "../access/access.ts";
import { whenDecided } from "../access/pending_decision.ts";
import { MAX_NESTING } from "../limits.ts";
import type { Run } from "../log/batch.ts";
import { Topic } from "../log/topic.ts";
import type { Connection } from "../peers/connection.ts";
import type { Dialect } from "../peers/dialect.ts";
import { encodeRefusal, type Refusal } from "../refusal.ts";
import type { ProtocolContext } from "./context.ts";

/** The parts of the hub that {@linkcode PlainDialect} uses. */
export type PlainContext = Pick<
  ProtocolContext,
  | "clock"
  | "limits"
  | "access"
  | "publisher"
  | "openFor"
  | "subscriptions"
  | "open"
>;

/** The plain dialect, for any WebSocket client: one message per frame, without an envelope. docs/protocol.md, "Plain". */
export class PlainDialect implements Dialect {
  readonly name = "plain";
  readonly acknowledges = false;
  /** The dialect has no replies. */
  readonly hasPendingReplies = false;
  readonly #context: PlainContext;
  readonly #connection: Connection;

  constructor(context: PlainContext, connection: Connection) {
    this.#context = context;
    this.#connection = connection;
  }

  opened(): void {
    const { access } = this.#context;
    const connection = this.#connection;
    if (!access.isRequired) return this.#start();
    // Within this turn, if the connection was authorized before the upgrade. Nothing is sent or received before.
    access.identify(connection).then((rights) => {
      if (connection.isDetached) return;
      const denial = typeof rights === "string"
        ? rights
        : access.accept(connection, rights);
      if (denial === undefined) return this.#start();
      connection.disconnect(...DENIED[denial]);
    }).catch((error) => connection.abandon(error, "authorize"));
  }

  #start(): void {
    const { clock, openFor, subscriptions, open } = this.#context;
    const connection = this.#connection;
    connection.sendControl(`{"type":"start","time":${clock.time()}}`);
    whenDecided(() => openFor("subscribe", connection, LOBBY), (lobby) => {
      if (!(lobby instanceof Topic)) return this.#refuse(lobby);
      lobby.whenOpen(() => {
        if (!connection.isDetached) {
          subscriptions.subscribe(connection, lobby, {});
        }
      });
    }, (error) => connection.abandon(error, "receive"));
    open(connection);
  }

  identifies(): boolean {
    return false;
  }

  confirms(): boolean {
    return false;
  }

  receive(data: string | Uint8Array<ArrayBuffer>): void {
    if (!this.#connection.isOpen) {
      const message = "No start yet";
      return this.#refuse({ code: "unauthenticated", message });
    }
    if (typeof data !== "string") return this.#publish(data);
    const problem = nestingProblem(data, MAX_NESTING);
    if (problem !== undefined) {
      return this.#refuse({ code: "invalid", message: problem });
    }
    const parsed = parseObject(data);
    if (!parsed.ok) {
      return this.#refuse({ code: "malformed", message: parsed.message });
    }
    if (parsed.value.type === "ping") {
      return this.#connection.sendControl(
        `{"type":"pong","time":${this.#context.clock.time()}}`,
      );
    }
    const changed = numberProblem(data);
    if (changed !== undefined) {
      return this.#refuse({ code: "invalid", message: changed });
    }
    this.#publish(parsed.value);
  }

  get unackedBytes(): number {
    return this.#connection.socket.bufferedAmount;
  }

  get hasCredit(): boolean {
    return this.#connection.socket.bufferedAmount <
      this.#context.limits.windowBytes;
  }

  deliver({ ring }: Run, from: number): number {
    const { socket } = this.#connection;
    while (from < ring.head && this.hasCredit) {
      const offset = ring.next(from);
      socket.send(ring.at(offset).body);
      from = offset + 1;
    }
    return from;
  }

  gap(topic: string, from: number, to: number): void {
    this.#connection.sendControl(
      JSON.stringify({ type: "gap", topic, from, to }),
    );
  }

  probe(): boolean {
    const { socket } = this.#connection;
    socket.ping?.(() => this.#connection.alive());
    return socket.ping !== undefined;
  }

  subscribed(_topic: string, _start: Subscribed): void {}

  goaway(_afterMs: number): void {}

  detached(): void {}

  #publish(message: object): void {
    const { openFor, publisher } = this.#context;
    const lobby = openFor("publish", this.#connection, LOBBY);
    if (!(lobby instanceof Topic)) return this.#refuse(lobby);
    publisher.publish({
      topic: lobby,
      message,
      peer: this.#connection,
      settled: (outcome) => {
        if ("code" in outcome) this.#refuse(outcome);
      },
    });
  }

  #refuse(refusal: Refusal): void {
    this.#connection.sendControl(encodeRefusal(refusal));
  }
}
