import { CloseCode, encode, type RenewFrame } from "../../messages.ts";
import { DENIED } from "../access/access.ts";
import type { Rights } from "../access/allow.ts";
import { decided } from "../access/pending_decision.ts";
import type { Connection } from "../peers/connection.ts";
import { encodeRefusal, type Refusal } from "../refusal.ts";
import type { ProtocolContext } from "./context.ts";

/** The parts of the hub that {@linkcode TokenRenewal} uses. */
export type RenewalContext = Pick<ProtocolContext, "access" | "subscriptions">;

/** Handles the `renew` frames of one drumbeat.v1 connection: docs/protocol.md, "Tokens". */
export class TokenRenewal {
  readonly #context: RenewalContext;
  readonly #connection: Connection;
  #isPending = false;

  constructor(context: RenewalContext, connection: Connection) {
    this.#context = context;
    this.#connection = connection;
  }

  renew({ id, token }: RenewFrame): void {
    const { access } = this.#context;
    const connection = this.#connection;
    if (!access.isRequired) {
      const message = "No token required";
      return this.#refuse(id, { code: "unsupported", message });
    }
    if (this.#isPending) {
      const message = "Renewal already pending";
      return this.#refuse(id, { code: "limit", message });
    }
    this.#isPending = true;
    access.renew(connection, token).then(async (verdict) => {
      this.#isPending = false;
      // The old token may have expired meanwhile.
      if (connection.isDetached) return;
      if (typeof verdict !== "string") return await this.#apply(id, verdict);
      const [code, message] = DENIED[verdict];
      if (verdict === "forbidden") return connection.disconnect(code, message);
      // The old token stays valid until it expires.
      this.#refuse(id, { code: verdict, message });
    }).catch((error) => connection.abandon(error, "authorize"));
  }

  async #apply(id: number, rights: Rights): Promise<void> {
    const { access, subscriptions } = this.#context;
    const connection = this.#connection;
    if (rights.user !== connection.user) {
      return connection.disconnect(
        CloseCode.forbidden,
        "Token of another user",
      );
    }
    access.grant(connection, rights);
    for (const [name, subscription] of [...connection.subscriptions]) {
      const refusal = await decided(() =>
        access.refusal("subscribe", connection, name)
      );
      // The peer may have unsubscribed while a rule decided.
      if (
        refusal === undefined ||
        connection.subscriptions.get(name) !== subscription
      ) continue;
      subscriptions.unsubscribe(subscription);
      connection.sendControl(
        encode({ type: "unsubscribed", topic: name, code: "forbidden" }),
      );
    }
    const expiresMs = access.expiresMs(connection);
    connection.sendControl(
      encode({
        type: "ack",
        id,
        ...(expiresMs === undefined ? {} : { expiresMs }),
      }),
    );
  }

  #refuse(id: number, refusal: Refusal): void {
    this.#connection.sendControl(encodeRefusal(refusal, id));
  }
}
