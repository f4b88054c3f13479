import type { Peer, PeerClose } from "./peer.ts";
import type { PresenceChange } from "./presence/topic_members.ts";

/** Where something of the program's own, of the store's or of the server's went wrong. */
export type ErrorStage =
  | "receive"
  | "hello"
  | "authorize"
  | "handler"
  | "join"
  | "leave"
  | "presence"
  | "validate"
  | "flush"
  | "store"
  | "listen";

/** The program's hooks. What they throw goes to `onError`. */
export interface Hooks {
  /** A peer is there: greeted, in its topics. */
  onOpen?: ((peer: Peer) => void) | undefined;
  /** A peer that had joined has left. Called exactly once for each. */
  onClose?: ((peer: Peer, departure: PeerClose) => void) | undefined;
  /**
   * Members of a topic's presence came, changed or left. Where hubs share a store: those of all of them, in the topics that
   * this one follows (see {@linkcode HubTopic.presence}); when it follows one no more, all that are still in it leave here.
   */
  onPresence?: ((change: PresenceChange) => void) | undefined;
  /** Something failed. The hub goes on; at most one connection was lost. Default: nothing. */
  onError?:
    | ((error: unknown, context: { readonly stage: ErrorStage }) => void)
    | undefined;
}

/** Hands failures to the program's `onError`. */
export class Reporter {
  readonly #hooks: Hooks;
  readonly #failed: (error: unknown, stage: ErrorStage) => void;

  /** @param failed is told, too. Default: nobody is. */
  constructor(
    hooks: Hooks,
    failed: (error: unknown, stage: ErrorStage) => void = () => {},
  ) {
    this.#hooks = hooks;
    this.#failed = failed;
  }

  /** Tells of a failure. A hook that fails at that is not asked again. */
  report(error: unknown, stage: ErrorStage): void {
    this.#failed(error, stage);
    try {
      const answer: unknown = this.#hooks.onError?.(error, { stage });
      if (answer instanceof Promise) answer.catch(() => {});
    } catch {
      // Nobody is left to tell.
    }
  }

  /** Runs something of the program's, which may be an async function; a failure of it goes no further. */
  guard(stage: ErrorStage, run: () => unknown): void {
    try {
      const answer = run();
      if (answer instanceof Promise) {
        answer.catch((error) => this.report(error, stage));
      }
    } catch (error) {
      this.report(error, stage);
    }
  }
}
