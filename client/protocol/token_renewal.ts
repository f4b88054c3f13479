import { type AckFrame, CloseCode } from "../../messages.ts";
import type { ClientClock } from "../clock.ts";
import { DEFAULTS, type Settings } from "../options.ts";

/** Sends new tokens to the server. */
export interface TokenSender {
  /** Sends a token. @returns the server's ack. */
  renew(token: string): Promise<AckFrame>;
}

/** The token of a client: sent with each hello, renewed before it expires, and replaced once after the server refused it. */
export class TokenRenewal {
  readonly #clock: ClientClock;
  readonly #token: Settings["token"];
  readonly #sender: TokenSender;
  /** Stops the renewals of the current connection. */
  #stop: (() => void) | undefined;
  /** The server refused the last token, and has accepted no other since. */
  #wasRefused = false;

  /**
   * @param settings the clock and the option `token`.
   * @param sender sends new tokens.
   */
  constructor(
    { clock, token }: Pick<Settings, "clock" | "token">,
    sender: TokenSender,
  ) {
    this.#clock = clock;
    this.#token = token;
    this.#sender = sender;
  }

  /**
   * Gets a token: at once, unless the option is a function.
   *
   * @param use receives the token; `undefined` if there is none.
   * @param failed receives the exception of the program's function.
   */
  get(
    use: (token: string | undefined) => void,
    failed: (error: unknown) => void,
  ): void {
    const token = this.#token;
    if (typeof token !== "function") return use(token ?? undefined);
    new Promise<unknown>((resolve) => resolve(token())).then(readToken)
      .then(use, failed);
  }

  /**
   * Plans the renewals of a connection: the server accepted the token.
   *
   * @param expiresMs the lifetime of the token in ms: any number, as the server may be hostile; `undefined` without an end.
   */
  started(expiresMs: number | undefined): void {
    this.connectionClosed();
    this.#wasRefused = false;
    // A string cannot be renewed: it is always the same token.
    if (typeof this.#token !== "function" || expiresMs === undefined) return;
    let cancel = (): void => {};
    let isStopped = false;
    const plan = (lifetimeMs: number): void => {
      const until = this.#clock.now() + lifetimeMs;
      const waitMs = Math.max(
        lifetimeMs * DEFAULTS.renewAt,
        DEFAULTS.minRenewMs,
      );
      cancel = this.#clock.after(
        waitMs,
        () => {
          // While the old token is valid, another attempt may succeed. Then the server closes the connection.
          const retry = (): void => {
            const remainingMs = until - this.#clock.now();
            if (!isStopped && remainingMs > 0) plan(remainingMs);
          };
          this.get((token) => {
            if (isStopped) return;
            // The program has no token now: it may have one before the old one expires.
            if (token === undefined) return retry();
            this.#sender.renew(token).then(({ expiresMs }) => {
              if (!isStopped && expiresMs !== undefined) plan(expiresMs);
            }, retry);
          }, retry);
        },
      );
    };
    this.#stop = () => {
      isStopped = true;
      cancel();
    };
    plan(expiresMs);
  }

  /** Stops the renewals: the connection has closed. */
  connectionClosed(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** Returns true if the client reconnects once with a new token, although the close code forbids it. */
  overridesClose(code: number): boolean {
    if (
      code !== CloseCode.unauthenticated || this.#wasRefused ||
      typeof this.#token !== "function"
    ) return false;
    this.#wasRefused = true;
    return true;
  }
}

/** Checks the result of the program's function: `localStorage.getItem` returns `null` if there is no token. */
function readToken(token: unknown): string | undefined {
  if (token === undefined || token === null) return undefined;
  if (typeof token === "string") return token;
  throw new TypeError(
    `The option 'token' must return a string, null or undefined, not ${typeof token}`,
  );
}
