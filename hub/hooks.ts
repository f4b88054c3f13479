import type { ErrorPrinter } from "../common/error_printer.ts";
import type { AnyMessages, MessageMap, PresenceChange } from "../messages.ts";
import type { Peer, PeerClose } from "./peer.ts";

/**
 * The operation that failed. `publish` and `history`: a publish or a history read of the program was refused, and the program
 * ignored the rejection.
 */
export type ErrorStage =
  | "receive"
  | "hello"
  | "authorize"
  | "handler"
  | "history"
  | "open"
  | "close"
  | "presence"
  | "publish"
  | "validate"
  | "flush"
  | "store"
  | "observe"
  | "listen";

/**
 * The program's hooks. An exception or rejection of a hook goes to `onError`.
 *
 * @typeParam M the message types.
 * @typeParam P the data of a member of a topic's presence.
 * @typeParam Auth the `auth` of the grants that `authorize` returns.
 * @typeParam State the program's own data of each peer.
 */
export interface Hooks<
  M extends MessageMap = AnyMessages,
  P = unknown,
  Auth = unknown,
  State = unknown,
> {
  /**
   * Called when a peer is connected, authorized and in its topics.
   *
   * @default none
   */
  readonly onOpen?: ((peer: Peer<M, Auth, State>) => void) | undefined;
  /**
   * Called once for each peer that `onOpen` was called with, when the peer is detached from the hub.
   *
   * @default none
   */
  readonly onClose?:
    | ((peer: Peer<M, Auth, State>, close: PeerClose) => void)
    | undefined;
  /**
   * Called when members join or leave a topic's presence, or change their data. Hubs that share a store see the members of
   * all of them, in the topics that the hub follows (see {@linkcode HubTopic.presence}); when it stops following a topic,
   * the remaining members leave.
   *
   * @default none
   */
  readonly onPresence?: ((change: PresenceChange<P>) => void) | undefined;
  /**
   * Called with each failure. A failure costs at most one message or one connection. A failure of `onError` itself is printed.
   *
   * @default prints the failures with `console.error`, at most five of a stage in ten seconds
   */
  readonly onError?:
    | ((error: unknown, context: { readonly stage: ErrorStage }) => void)
    | undefined;
}

/** Reports failures to the program's `onError`. */
export class Reporter {
  readonly #hooks: Pick<Hooks, "onError">;
  readonly #printer: Pick<ErrorPrinter, "report">;
  readonly #failed: (error: unknown, stage: ErrorStage) => void;

  /**
   * @param hooks the program's hooks.
   * @param printer prints a failure that has no other receiver.
   * @param failed also receives each failure, except those of observers. Default: none.
   */
  constructor(
    hooks: Pick<Hooks, "onError">,
    printer: Pick<ErrorPrinter, "report">,
    failed: (error: unknown, stage: ErrorStage) => void = () => {},
  ) {
    this.#hooks = hooks;
    this.#printer = printer;
    this.#failed = failed;
  }

  /** Reports a failure. */
  report(error: unknown, stage: ErrorStage): void {
    // An observer that fails would be called again with its own failure, and fail again.
    if (stage !== "observe") this.#failed(error, stage);
    const { onError } = this.#hooks;
    this.#printer.report(
      error,
      stage,
      onError && ((error) => onError(error, { stage })),
    );
  }

  /** Runs a function of the program, which may be async, and reports its failure. */
  guard(stage: ErrorStage, run: () => unknown): void {
    try {
      const result = run();
      if (result instanceof Promise) {
        result.catch((error) => this.report(error, stage));
      }
    } catch (error) {
      this.report(error, stage);
    }
  }
}
