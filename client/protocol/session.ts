import { CloseCode, type StartFrame } from "../../messages.ts";

/** The session, which continues from connection to connection. */
export class Session {
  /** The public id of this peer. */
  peer: string | undefined;
  /** True if the last `start` resumed the session. */
  resumed = false;
  #secret: string | undefined;
  /** A hello with the secret was sent and is not answered yet. */
  #isResuming = false;
  /** The connection of such a hello closed. The hello may still arrive, and take the session over from a later connection. */
  #hasStrayHello = false;

  /** Returns the session's fields of a hello. */
  hello(): { readonly session?: string } {
    if (this.#secret === undefined) return {};
    this.#isResuming = true;
    return { session: this.#secret };
  }

  /** Handles the server's answer to a hello. */
  started({ peer, session, resumed }: StartFrame): void {
    this.#isResuming = false;
    // A session that has ended cannot be taken over.
    if (!resumed) this.#hasStrayHello = false;
    this.#secret = session;
    this.peer = peer;
    this.resumed = resumed;
  }

  /** Handles the close of the connection. */
  connectionClosed(): void {
    this.#hasStrayHello ||= this.#isResuming;
    this.#isResuming = false;
  }

  /**
   * Returns true if the close code forbids a reconnect only because a stray hello of this client took the session over.
   * Called once for each close, before {@linkcode Session.connectionClosed}.
   */
  overridesClose(code: number): boolean {
    const isOwn = code === CloseCode.superseded && this.#hasStrayHello;
    // A second time, it was another client.
    if (isOwn) this.#hasStrayHello = this.#isResuming = false;
    return isOwn;
  }
}
