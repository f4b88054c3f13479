import { CloseCode, encode, type RenewFrame } from "../../messages.ts";
import { DENIED } from "../access/access.ts";
import type { Admitted } from "../access/allow.ts";
import type { Connection } from "../peers/connection.ts";
import type { Core } from "../core.ts";
import { encodeRefusal, type Refusal } from "../refusal.ts";

/** New tokens on a living drumbeat.v1 connection: docs/protocol.md, "Tokens". */
export class Renewal {
  readonly #core: Core;
  readonly #connection: Connection;
  #isAsking = false;

  constructor(core: Core, connection: Connection) {
    this.#core = core;
    this.#connection = connection;
  }

  renew({ id, token }: RenewFrame): void {
    const { access } = this.#core;
    if (!access.asks) {
      const message = "This hub asks for no token";
      return this.#refuse(id, { code: "unsupported", message });
    }
    if (this.#isAsking) {
      const message = "The token before is still being looked at";
      return this.#refuse(id, { code: "limit", message });
    }
    this.#isAsking = true;
    access.renew(this.#connection, token).then((verdict) => {
      this.#isAsking = false;
      // Its time may have run out meanwhile.
      if (this.#connection.isDetached) return;
      if (typeof verdict !== "string") return this.#go(id, verdict);
      const [, message] = DENIED[verdict];
      if (verdict === "forbidden") return this.#end(message);
      // What it has goes on as long as it would have.
      this.#refuse(id, { code: verdict, message });
    }).catch((error) =>
      this.#core.abandon(this.#connection, error, "authorize")
    );
  }

  #go(id: number, admitted: Admitted): void {
    const { access } = this.#core;
    const connection = this.#connection;
    if (admitted.user !== connection.user) {
      return this.#end("Another user's token");
    }
    access.grant(connection, admitted);
    for (const [name, subscription] of [...connection.subscriptions]) {
      if (access.refusal("subscribe", connection, name) === undefined) continue;
      this.#core.unsubscribe(subscription);
      connection.control(
        encode({ type: "unsubscribed", topic: name, code: "forbidden" }),
      );
    }
    const expires = access.endsIn(connection);
    connection.control(
      encode({
        type: "ack",
        id,
        ...(expires === undefined ? {} : { expiresMs: expires }),
      }),
    );
  }

  #end(reason: string): void {
    const { connections } = this.#core;
    connections.leave(this.#connection, CloseCode.forbidden, reason);
  }

  #refuse(id: number, refusal: Refusal): void {
    this.#connection.control(encodeRefusal(refusal, id));
  }
}
