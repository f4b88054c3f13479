import { type AckFrame, CloseCode } from "../../messages.ts";
import type { ClientClock } from "../clock.ts";
import { DEFAULTS, type Settings } from "../options.ts";

/** Who takes a new token to the server. */
export interface Renewer {
  /** @returns the server's answer. */
  renew(token: string): Promise<AckFrame>;
}

/** What proves who this is: with each hello, again before it expires, and once more after it was refused. */
export class Tokens {
  readonly #clock: ClientClock;
  readonly #token: Settings["token"];
  readonly #renewer: Renewer;
  /** Stops the renewals of the connection that there is. */
  #stop: (() => void) | undefined;
  /** The last token was refused, and no other was taken since. */
  #wasRefused = false;

  constructor(
    { clock, token }: Pick<Settings, "clock" | "token">,
    renewer: Renewer,
  ) {
    this.#clock = clock;
    this.#token = token;
    this.#renewer = renewer;
  }

  /** Gets a token: at once, where there is no function to ask. */
  get(
    use: (token: string | undefined) => void,
    failed: (error: unknown) => void,
  ): void {
    const token = this.#token;
    if (typeof token !== "function") return use(token);
    new Promise<string>((resolve) => resolve(token())).then(use, failed);
  }

  /** The server let this client in. @param expiresMs what it said of the token: anything, from a hostile server. */
  started(expiresMs: number | undefined): void {
    this.cut();
    this.#wasRefused = false;
    // One that is always the same cannot be renewed.
    if (typeof this.#token !== "function" || expiresMs === undefined) return;
    let cancel = (): void => {};
    let isOver = false;
    const plan = (leftMs: number): void => {
      const until = this.#clock.now() + leftMs;
      const waitMs = Math.max(leftMs * DEFAULTS.renewAt, DEFAULTS.minRenewMs);
      cancel = this.#clock.after(
        waitMs,
        () => {
          // While the token before lasts, the next try may do. Then the server ends the connection.
          const again = (): void => {
            const left = until - this.#clock.now();
            if (!isOver && left > 0) plan(left);
          };
          this.get((token) => {
            if (isOver) return;
            this.#renewer.renew(token!).then(({ expiresMs }) => {
              if (!isOver && expiresMs !== undefined) plan(expiresMs);
            }, again);
          }, again);
        },
      );
    };
    this.#stop = () => {
      isOver = true;
      cancel();
    };
    plan(expiresMs);
  }

  /** The connection is lost. */
  cut(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** Whether to come back though a close code says to stay away: with a fresh token, once. */
  comesBack(code: number): boolean {
    if (
      code !== CloseCode.unauthenticated || this.#wasRefused ||
      typeof this.#token !== "function"
    ) return false;
    this.#wasRefused = true;
    return true;
  }
}
