import { CloseCode, topicNameProblem } from "../../messages.ts";
import type { Clock } from "../clock.ts";
import type { Reporter } from "../hooks.ts";
import type { Connection } from "../peers/connection.ts";
import type { Refusal } from "../refusal.ts";
import type { ConnectionRequest } from "../socket.ts";
import { Tally } from "../../common/tally.ts";
import type { Rights, Rules, TopicUse } from "./allow.ts";
import type { Authorize, AuthorizeRequest } from "./authorize.ts";
import { Authorizer, type Denial } from "./authorizer.ts";
import { PendingDecision } from "./pending_decision.ts";
import { Ticket } from "./ticket.ts";

/** The parts of the hub that {@linkcode Access} uses. */
export interface AccessContext {
  readonly clock: Clock;
  readonly reporter: Reporter;
}

/** Options of {@linkcode Access}, checked. */
export interface AccessOptions {
  readonly authorize: Authorize | undefined;
  /** The hub's own rules. */
  readonly rules: Rules;
  readonly authorizeMs: number;
  readonly peersPerUser: number;
}

/** Decides which connections the hub accepts, for how long, and which topics they may use. */
export class Access {
  readonly #context: AccessContext;
  readonly #authorizer: Authorizer | undefined;
  readonly #rules: Rules;
  readonly #peersPerUser: number;
  readonly #authorizeMs: number;
  readonly #users = new Tally();
  /** The rights of connections that are not open yet. */
  readonly #tickets = new WeakMap<Ticket, Rights>();
  /** The connections whose rights expire. */
  readonly #expiring = new Set<Connection>();

  /**
   * @param options see {@linkcode AccessOptions}.
   * @param context see {@linkcode AccessContext}.
   */
  constructor(options: AccessOptions, context: AccessContext) {
    const { authorize, authorizeMs, rules, peersPerUser } = options;
    this.#context = context;
    this.#authorizer = authorize &&
      new Authorizer(authorize, { ...context, deadlineMs: authorizeMs });
    this.#rules = rules;
    this.#authorizeMs = authorizeMs;
    this.#peersPerUser = peersPerUser;
  }

  /** `true` if `authorize` decides about each connection. */
  get isRequired(): boolean {
    return this.#authorizer !== undefined;
  }

  /**
   * Authorizes a plain connection before it is open.
   *
   * @param request the request of the connection.
   * @returns a ticket for {@linkcode Access.identify}, or the denial.
   */
  async admit(request: ConnectionRequest): Promise<Ticket | Denial | "limit"> {
    const { url, address, handshake } = request;
    const rights = await this.#authorize({
      ...handshake,
      dialect: "plain",
      url,
      address,
    });
    if (typeof rights === "string") return rights;
    if (!this.#hasCapacityFor(rights.user)) return "limit";
    const ticket = new Ticket();
    this.#tickets.set(ticket, rights);
    return ticket;
  }

  /**
   * Authorizes a new connection: by its ticket, or by `authorize`.
   *
   * @param connection the connection, which drops its handshake: it contains secrets.
   * @param token the token of its hello.
   */
  async identify(
    connection: Connection,
    token?: string,
  ): Promise<Rights | Denial> {
    const { ticket, handshake, dialect, info: { url, address } } = connection;
    connection.ticket = connection.handshake = undefined;
    const rights = ticket && this.#tickets.get(ticket);
    if (rights !== undefined) {
      this.#tickets.delete(ticket!);
      return rights;
    }
    return await this.#authorize({
      ...handshake,
      dialect,
      url,
      address,
      ...(token === undefined ? {} : { token }),
    });
  }

  /** Authorizes an open connection again, with a new token. */
  renew(connection: Connection, token: string): Promise<Rights | Denial> {
    const { dialect, info: { url, address } } = connection;
    return this.#authorize({ token, dialect, url, address, peer: connection });
  }

  /** Accepts a new connection, unless its user is at `limits.peersPerUser`. */
  accept(connection: Connection, rights: Rights): "limit" | undefined {
    // `forget` was called already, and would not subtract the connection again.
    if (connection.isDetached) return undefined;
    const { user } = rights;
    if (!this.#hasCapacityFor(user)) return "limit";
    if (user !== undefined) this.#users.add(user);
    this.grant(connection, rights);
    return undefined;
  }

  /** Sets the rights of an accepted connection. */
  grant(connection: Connection, rights: Rights): void {
    connection.rights = rights;
    if (rights.until === Infinity) this.#expiring.delete(connection);
    else this.#expiring.add(connection);
  }

  /** Forgets a connection that is detached. */
  forget(connection: Connection): void {
    this.#expiring.delete(connection);
    const { user } = connection;
    if (user !== undefined) this.#users.remove(user);
  }

  /** Returns the time until a connection's rights expire, in ms; `undefined` if they do not. */
  expiresMs({ rights }: Connection): number | undefined {
    const until = rights?.until ?? Infinity;
    return until === Infinity
      ? undefined
      : Math.max(0, Math.floor(until - this.#context.clock.now()));
  }

  /** Disconnects the peers whose rights have expired. One timer serves all connections. */
  sweep(now: number): void {
    for (const connection of this.#expiring) {
      if (connection.rights!.until > now) continue;
      connection.disconnect(CloseCode.unauthenticated, "Token expired");
    }
  }

  /**
   * Returns a refusal if the rules do not let a peer use a topic.
   *
   * @throws {PendingDecision} while a rule has not decided. The next call for the same use and topic has its decision.
   */
  refusal(
    use: TopicUse,
    connection: Connection,
    topic: string,
  ): Refusal | undefined {
    const hubRule = this.#rules[use];
    const peerRule = connection.rights?.rules[use];
    if (hubRule === undefined && peerRule === undefined) return undefined;
    // The program's rules need not handle invalid and internal names: `Topics.open` refuses them.
    if (topicNameProblem(topic) !== undefined) return undefined;
    const isAllowed = this.#decision(use, connection, topic);
    if (isAllowed) return undefined;
    // The rule failed. After `forbidden`, clients would not request the topic again, although the rule may decide the next time.
    if (isAllowed === undefined) {
      return { code: "unavailable", message: `Cannot decide about ${use}` };
    }
    return { code: "forbidden", message: `Not allowed to ${use}` };
  }

  /** Returns the decision of the rules; `undefined` if a rule failed. */
  #decision(
    use: TopicUse,
    connection: Connection,
    topic: string,
  ): boolean | undefined {
    const key = `${use} ${topic}`;
    const { decisions } = connection;
    if (decisions?.has(key)) {
      const decision = decisions.get(key);
      decisions.delete(key);
      return decision;
    }
    const hubRule = this.#rules[use] ?? allowed;
    const peerRule = connection.rights?.rules[use] ?? allowed;
    let answer: boolean | Promise<boolean> | undefined;
    this.#context.reporter.guard("authorize", () => {
      const first = hubRule(connection, topic);
      answer = first instanceof Promise
        ? first.then((isAllowed) => isAllowed && peerRule(connection, topic))
        : first && peerRule(connection, topic);
    });
    if (!(answer instanceof Promise)) return answer;
    throw new PendingDecision(
      this.#inTime(answer).then((decision) => {
        (connection.decisions ??= new Map()).set(key, decision);
      }),
    );
  }

  /** Resolves with a rule's answer; with `undefined` after a rejection, which is reported, or without an answer in time. */
  async #inTime(answer: Promise<boolean>): Promise<boolean | undefined> {
    const { clock, reporter } = this.#context;
    const { promise, reject } = Promise.withResolvers<never>();
    const ms = this.#authorizeMs;
    const cancel = clock.after(ms, () => {
      reject(new Error(`A rule of 'allow' has not decided within ${ms} ms`));
    });
    try {
      return await Promise.race([answer, promise]);
    } catch (error) {
      reporter.report(error, "authorize");
      return undefined;
    } finally {
      cancel();
    }
  }

  #authorize(
    request: Omit<AuthorizeRequest, "signal">,
  ): Promise<Rights | Denial> {
    return this.#authorizer!.authorize(request);
  }

  #hasCapacityFor(user: string | undefined): boolean {
    return user === undefined || this.#users.of(user) < this.#peersPerUser;
  }
}

const allowed = () => true;

/** The close codes and reasons of refused connections. After `unavailable`, the client retries. */
export const DENIED: Readonly<
  Record<Denial | "limit", readonly [code: number, reason: string]>
> = {
  unauthenticated: [CloseCode.unauthenticated, "Not authenticated"],
  forbidden: [CloseCode.forbidden, "Not allowed"],
  unavailable: [CloseCode.tryLater, "Authentication unavailable"],
  limit: [CloseCode.rateLimited, "Too many connections of this user"],
};
