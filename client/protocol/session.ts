import { CloseCode, type StartFrame } from "../../messages.ts";

/** The session, carried from connection to connection: who this peer is, and how it proves it. */
export class Session {
  /** The public id of this peer. */
  peer: string | undefined;
  /** Whether the last `start` resumed the session. */
  resumed = false;
  #secret: string | undefined;
  /** A hello with the secret went out and has no answer yet. */
  #isAsking = false;
  /** Such a hello was given up with its connection. It may still arrive, and take the session from a later one. */
  #hasStray = false;

  /** @returns what hello says of it. */
  hello(): { readonly session?: string } {
    if (this.#secret === undefined) return {};
    this.#isAsking = true;
    return { session: this.#secret };
  }

  /** The server answered hello. */
  started({ peer, session, resumed }: StartFrame): void {
    this.#isAsking = false;
    // A session that is over cannot be taken.
    if (!resumed) this.#hasStray = false;
    this.#secret = session;
    this.peer = peer;
    this.resumed = resumed;
  }

  /** The connection is lost. */
  cut(): void {
    this.#hasStray ||= this.#isAsking;
    this.#isAsking = false;
  }

  /**
   * Whether to come back though a close code says to stay away: the session was taken, but by a hello of this client's own.
   * Asked once, before {@linkcode Session.cut}.
   */
  comesBack(code: number): boolean {
    const isOwn = code === CloseCode.superseded && this.#hasStray;
    // A second time it was somebody else.
    if (isOwn) this.#hasStray = this.#isAsking = false;
    return isOwn;
  }
}
