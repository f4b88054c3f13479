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
import type { Refusal } from "../refusal.ts";
import type { ConnectionRequest } from "../socket.ts";
import { Ticket } from "./ticket.ts";
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
  /** The grants of connections that are not open yet. */
  readonly #tickets = new WeakMap<Ticket, Admitted>();
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

  /**
   * Calls `authorize` for a plain connection that is not open yet.
   *
   * @param request the request of the connection.
   * @returns a ticket for {@linkcode Access.identify}, or the denial.
   */
  async admit(request: ConnectionRequest): Promise<Ticket | Denial | "limit"> {
    const { url, address, handshake } = request;
    const admitted = await this.#ask({
      ...handshake,
      dialect: "plain",
      url,
      address,
    });
    if (typeof admitted === "string") return admitted;
    if (!this.#hasCapacityFor(admitted.user)) return "limit";
    const ticket = new Ticket();
    this.#tickets.set(ticket, admitted);
    return ticket;
  }

  /**
   * Finds the grant of a new connection: that of its ticket, or the result of `authorize`.
   *
   * @param connection the connection. It forgets its handshake, which has secrets.
   * @param token the token of its hello.
   */
  async identify(
    connection: Connection,
    token?: string,
  ): Promise<Admitted | Denial> {
    const { ticket, handshake, dialect, info: { url, address } } = connection;
    connection.ticket = connection.handshake = undefined;
    const admitted = ticket && this.#tickets.get(ticket);
    if (admitted !== undefined) {
      this.#tickets.delete(ticket!);
      return admitted;
    }
    return await this.#ask({
      ...handshake,
      dialect,
      url,
      address,
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

/** The close codes of those who are not let in. Where nobody could find out, they come back later. */
export const DENIED: Readonly<
  Record<Denial | "limit", readonly [code: number, reason: string]>
> = {
  unauthenticated: [CloseCode.unauthenticated, "Not authenticated"],
  forbidden: [CloseCode.forbidden, "Not allowed"],
  unavailable: [CloseCode.tryLater, "Who you are could not be checked"],
  limit: [CloseCode.rateLimited, "Too many connections of this user"],
};
