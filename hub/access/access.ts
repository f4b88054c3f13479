import { CloseCode, topicNameProblem } from "../../messages.ts";
import {
  type Admitted,
  type Allow,
  type Rules,
  rulesOf,
  type TopicUse,
} from "./allow.ts";
import type { Authorize, AuthorizeRequest } from "./authorize.ts";
import { Authorizer, type Denial } from "./authorizer.ts";
import type { Clock } from "../clock.ts";
import type { Connection } from "../peers/connection.ts";
import type { Reporter } from "../hooks.ts";
import type { DialectName } from "../peer.ts";
import type { Refusal } from "../refusal.ts";
import type { ConnectionRequest } from "../socket.ts";
import { Tally } from "../tally.ts";

/** What {@linkcode Access} needs of the hub. */
export interface AccessContext {
  readonly clock: Clock;
  readonly reporter: Reporter;
  leave(connection: Connection, code: number, reason: string): void;
}

/** Who gets in. */
export interface AccessOptions {
  readonly authorize: Authorize | undefined;
  readonly allow: Allow | undefined;
  readonly authorizeMs: number;
  readonly peersPerUser: number;
}

/** Who may be here, for how long, and which topics they may use. */
export class Access {
  readonly #context: AccessContext;
  readonly #authorizer: Authorizer | undefined;
  readonly #rules: Rules;
  readonly #peersPerUser: number;
  readonly #users = new Tally();
  /** Those who were asked before they are connected. */
  readonly #expected = new WeakMap<ConnectionRequest, Admitted>();
  /** Those whose grant ends. */
  readonly #ending = new Set<Connection>();

  /** @throws {TypeError} when `allow` or `authorize` is none. */
  constructor(options: AccessOptions, context: AccessContext) {
    const { authorize, authorizeMs, allow, peersPerUser } = options;
    if (authorize !== undefined && typeof authorize !== "function") {
      throw new TypeError("The option 'authorize' is a function");
    }
    this.#context = context;
    this.#authorizer = authorize &&
      new Authorizer(authorize, { ...context, deadlineMs: authorizeMs });
    this.#rules = rulesOf(allow);
    this.#peersPerUser = peersPerUser;
  }

  /** Whether anybody has to say who they are. */
  get asks(): boolean {
    return this.#authorizer !== undefined;
  }

  /** Asks about a connection that is still to be made; {@linkcode Access.enter} remembers the answer. */
  async expect(
    arrival: ConnectionRequest,
  ): Promise<Denial | "limit" | undefined> {
    const verdict = await this.#ask(requestOf(arrival, "plain"));
    if (typeof verdict === "string") return verdict;
    if (!this.#hasCapacityFor(verdict.user)) return "limit";
    this.#expected.set(arrival, verdict);
    return undefined;
  }

  /**
   * Finds out whose a new connection is, and lets it in.
   *
   * @param token what its hello says.
   */
  async identify(
    connection: Connection,
    token?: string,
  ): Promise<Admitted | Denial> {
    const { arrival, dialect } = connection;
    return this.#expected.get(arrival) ?? await this.#ask({
      ...requestOf(arrival, dialect),
      ...(token === undefined ? {} : { token }),
    });
  }

  /** Asks about a new token of a connection that is in. */
  renew(connection: Connection, token: string): Promise<Admitted | Denial> {
    const { dialect, info: { url, address } } = connection;
    return this.#ask({ token, dialect, url, address, peer: connection });
  }

  /** Lets a new connection in, unless its user has too many of them. */
  enter(
    connection: Connection,
    admitted: Admitted,
  ): "limit" | undefined {
    // Whoever has gone is not counted: nobody would count it off again.
    if (connection.isDetached) return undefined;
    const { user } = admitted;
    if (!this.#hasCapacityFor(user)) return "limit";
    if (user !== undefined) this.#users.add(user);
    this.grant(connection, admitted);
    return undefined;
  }

  /** From now on this holds for a connection that is in. */
  grant(connection: Connection, admitted: Admitted): void {
    connection.admitted = admitted;
    if (admitted.until === Infinity) this.#ending.delete(connection);
    else this.#ending.add(connection);
  }

  /** A connection has left. */
  forget(connection: Connection): void {
    this.#ending.delete(connection);
    const { user } = connection;
    if (user !== undefined) this.#users.remove(user);
  }

  /** In how many ms a connection's grant ends; `undefined`: it does not. */
  endsIn({ admitted }: Connection): number | undefined {
    const until = admitted?.until ?? Infinity;
    return until === Infinity
      ? undefined
      : Math.max(0, Math.floor(until - this.#context.clock.now()));
  }

  /** Ends the connections whose time is up: one timer for all of them, and none for each. */
  sweep(now: number): void {
    for (const connection of this.#ending) {
      if (connection.admitted!.until > now) continue;
      this.#context.leave(
        connection,
        CloseCode.unauthenticated,
        "The token has expired",
      );
    }
  }

  /** Why a peer may not use a topic; `undefined`: it may, as far as rules go. */
  refusal(
    use: TopicUse,
    connection: Connection,
    topic: string,
  ): Refusal | undefined {
    const hubs = this.#rules[use];
    const own = connection.admitted?.rules[use];
    if (hubs === undefined && own === undefined) return undefined;
    // A name that cannot be one is refused for that, and a peer's own log is its own: no rule is bothered with them.
    if (topicNameProblem(topic) !== undefined) return undefined;
    let isAllowed = false;
    this.#context.reporter.guard("authorize", () => {
      isAllowed = hubs?.(connection, topic) !== false &&
        own?.(connection, topic) !== false;
    });
    return isAllowed
      ? undefined
      : { code: "forbidden", message: `You may not ${use} here` };
  }

  #ask(request: Omit<AuthorizeRequest, "signal">): Promise<Admitted | Denial> {
    return this.#authorizer!.ask(request);
  }

  #hasCapacityFor(user: string | undefined): boolean {
    return user === undefined || this.#users.of(user) < this.#peersPerUser;
  }
}

/** What the program is asked about an arrival, which forgets its secrets: it lives as long as its connection. */
function requestOf(
  arrival: ConnectionRequest,
  dialect: DialectName,
): Omit<AuthorizeRequest, "signal"> {
  const { handshake, url, address } = arrival;
  arrival.handshake = undefined;
  return { ...handshake, dialect, url, address };
}

/** The close codes of those who are not let in. Where nobody could find out, they come back later. */
export const DENIED: Readonly<
  Record<Denial | "limit", readonly [code: number, reason: string]>
> = {
  unauthenticated: [CloseCode.unauthenticated, "Not authenticated"],
  forbidden: [CloseCode.forbidden, "Not allowed"],
  unavailable: [CloseCode.tryLater, "Who you are could not be checked"],
  limit: [CloseCode.rateLimited, "Too many connections of this user"],
};
