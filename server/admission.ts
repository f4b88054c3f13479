import type { Hub } from "../hub/hub.ts";
import type { Ticket } from "../hub/access/ticket.ts";
import type { ConnectionRequest } from "../hub/socket.ts";
import { PROTOCOL } from "../messages.ts";
import { plainText } from "./responses.ts";
import { handshakeOf, offeredBy } from "./handshake.ts";
import { type OriginCheck, originCheck, type Origins } from "./origins.ts";
import { clientAddress } from "./remote_address.ts";

/** A handshake that may go on. */
export interface Admission {
  /** What the hub is told of the connection; its `protocol` is the one to answer with, `""`: none. */
  readonly info: ConnectionRequest;
  /** Whether the hub speaks that protocol. If not: close with 4506, once it is open. */
  readonly isKnown: boolean;
  /** The hub's ticket for a plain connection. */
  readonly ticket: Ticket | undefined;
}

/** Who decides whether there is room, and who is let in. */
type Door = Pick<Hub, "hasCapacity" | "hasCapacityFor" | "admit">;

/** The answers to plain peers that are not let in. A drumbeat.v1 client has not said who it is yet: its hello does. */
const DENIED: Readonly<
  Record<
    Exclude<Awaited<ReturnType<Door["admit"]>>, Ticket>,
    () => Response
  >
> = {
  unauthenticated: () =>
    plainText(401, "Say who you are", { "www-authenticate": "Bearer" }),
  forbidden: () => plainText(403, "You may not connect"),
  limit: () =>
    plainText(429, "Too many connections of this user", { "retry-after": "5" }),
  unavailable: () =>
    plainText(503, "Who you are could not be checked", { "retry-after": "5" }),
};

/** Who gets in. */
export interface AdmissionOptions {
  /** Which pages' WebSockets may connect. Default: `same`. */
  readonly origins?: Origins;
  /** Whether who sends no Origin, as every program that is no browser, is refused. Default: `false`. */
  readonly requireOrigin?: boolean;
  /** How many proxies in front append to `X-Forwarded-For`: says whose address counts. Default: 0, no proxy is believed. */
  readonly trustedProxies?: number;
}

/** {@linkcode AdmissionOptions}, checked and with the defaults filled in. */
export interface AdmissionRules {
  readonly mayCome: OriginCheck;
  readonly requireOrigin: boolean;
  readonly trustedProxies: number;
}

/**
 * Checks options and fills in what is not given.
 *
 * @throws {TypeError} when `origins` is none, {@linkcode RangeError} when `trustedProxies` is no count.
 */
export function admissionRules(options: AdmissionOptions): AdmissionRules {
  const { origins = "same", requireOrigin = false, trustedProxies = 0 } =
    options;
  if (!Number.isInteger(trustedProxies) || trustedProxies < 0) {
    throw new RangeError(
      `The option 'trustedProxies' is a number of proxies, not ${trustedProxies}`,
    );
  }
  return { mayCome: originCheck(origins), requireOrigin, trustedProxies };
}

/** Any version of Drumbeat's subprotocol. */
const SOME_VERSION = /^drumbeat\.v\d+$/;

/**
 * Decides whether a WebSocket handshake may go on, whatever the transport.
 *
 * The dialect follows from the subprotocols that the client offers: `drumbeat.v1`, or none of ours for the plain one.
 *
 * @param request the upgrade request.
 * @param remote the other side's address, without the port.
 * @param hub where the connection is to go.
 * @param rules who gets in.
 * @returns what to upgrade to, or the refusal in plain text: 403 for a page that may not come, 503 when the hub is full,
 * 429 when it is full for this address, 400 or 426 for a handshake that is none; for a plain peer 401, 403, 429 or 503
 * when the program does not let it in.
 */
export async function admit(
  request: Request,
  remote: string,
  hub: Door,
  rules: AdmissionRules,
): Promise<Admission | Response> {
  // First of all: it costs nothing, and who may not come need not know whether there is room.
  const origin = request.headers.get("origin");
  if (origin === null ? rules.requireOrigin : !rules.mayCome(origin, request)) {
    return plainText(403, "Pages of this origin may not connect");
  }
  const address = clientAddress(request, remote, rules.trustedProxies);
  if (!hub.hasCapacity) {
    return plainText(503, "The hub is full", { "retry-after": "5" });
  }
  if (!hub.hasCapacityFor(address)) {
    return plainText(429, "Too many connections from this address", {
      "retry-after": "5",
    });
  }
  // The runtime takes any version and an empty key: RFC 6455 sections 4.2.1 and 4.4.
  if (request.headers.get("sec-websocket-version") !== "13") {
    return plainText(426, "Only version 13 of the WebSocket protocol", {
      "sec-websocket-version": "13",
    });
  }
  if (request.headers.get("sec-websocket-key") === "") {
    return plainText(400, "Not a WebSocket handshake: the key is empty");
  }
  const offered = offeredBy(request);
  const isV1 = offered.includes(PROTOCOL);
  const protocol = isV1
    ? PROTOCOL
    : offered.find((name) => SOME_VERSION.test(name)) ?? "";
  const handshake = handshakeOf(request, offered);
  const info = { protocol, url: request.url, address, handshake };
  if (protocol !== "") return { info, isKnown: isV1, ticket: undefined };
  const ticket = await hub.admit(info);
  if (typeof ticket === "string") return DENIED[ticket]();
  return { info, isKnown: true, ticket };
}
