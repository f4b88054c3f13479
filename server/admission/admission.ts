import {
  checkBoolean,
  checkNumber,
  type OptionNames,
} from "../../common/options.ts";
import type { Ticket } from "../../hub/access/ticket.ts";
import type { HubTransport } from "../../hub/transport.ts";
import type { ConnectionRequest } from "../../hub/socket.ts";
import { PROTOCOL } from "../../messages.ts";
import { plainText } from "../responses.ts";
import { handshakeOf, isTokenEntry, offeredSubprotocols } from "./handshake.ts";
import {
  type OriginCheck,
  originCheck,
  type Origins,
  requestedHost,
} from "./origins.ts";
import { describeRefusal } from "./refused_handshake.ts";
import { clientAddress } from "./remote_address.ts";

/** A handshake that is admitted. */
export interface Admission {
  /** The connection for the hub. Its `protocol` is the version of Drumbeat's protocol; `""` for the plain dialect. */
  readonly connection: ConnectionRequest;
  /** The subprotocol to answer with; `""` for none. */
  readonly subprotocol: string;
  /** `true` if the hub supports that subprotocol. Otherwise the connection is closed with 4506 once it is open. */
  readonly isSupported: boolean;
  /** The hub's ticket for a plain connection. */
  readonly ticket: Ticket | undefined;
}

/** The part of the hub that decides about capacity and identity. */
type AdmittingTransport = Pick<
  HubTransport,
  "hasCapacity" | "hasCapacityFor" | "admit"
>;

/** The responses to refused plain peers. A drumbeat.v1 client sends its token in the hello, after the upgrade. */
const REFUSALS: Readonly<
  Record<
    Exclude<Awaited<ReturnType<AdmittingTransport["admit"]>>, Ticket>,
    () => Response
  >
> = {
  unauthenticated: () =>
    plainText(401, "Authentication required", { "www-authenticate": "Bearer" }),
  forbidden: () => plainText(403, "Not allowed to connect"),
  limit: () =>
    plainText(429, "Too many connections of this user", { "retry-after": "5" }),
  unavailable: () =>
    plainText(503, "Authentication is not available", { "retry-after": "5" }),
};

/** Options that decide which handshakes are admitted. */
export interface AdmissionOptions {
  /**
   * The pages whose WebSockets may connect.
   *
   * @default "same"
   */
  readonly origins?: Origins | undefined;
  /**
   * Refuses handshakes without an `Origin` header, as programs other than browsers send them.
   *
   * @default false
   */
  readonly requireOrigin?: boolean | undefined;
  /**
   * The number of proxies in front of the server that append to `X-Forwarded-For`; 0 ignores the header.
   *
   * @default 0
   */
  readonly trustedProxies?: number | undefined;
}

/** The names of {@linkcode AdmissionOptions}. */
export const ADMISSION_OPTION_NAMES: OptionNames<AdmissionOptions> = {
  origins: true,
  requireOrigin: true,
  trustedProxies: true,
};

/** {@linkcode AdmissionOptions}, checked and with the defaults filled in. */
export interface AdmissionRules {
  readonly isAllowedOrigin: OriginCheck;
  readonly requireOrigin: boolean;
  readonly trustedProxies: number;
  /** Receives an exception or a rejection of the program's `origins`. */
  failed(error: unknown): void;
}

/**
 * Checks the options and fills in the defaults.
 *
 * @param options see {@linkcode AdmissionOptions}.
 * @param action the action that they are for, which begins the error message.
 * @param failed receives an exception or a rejection of the program's `origins`.
 * @throws {TypeError} for a value of the wrong type, or a list with a value that is not an origin.
 * @throws {RangeError} for a number of proxies that is not an integer of at least 0.
 */
export function admissionRules(
  options: AdmissionOptions,
  action: string,
  failed: AdmissionRules["failed"],
): AdmissionRules {
  const { origins = "same", requireOrigin = false, trustedProxies = 0 } =
    options;
  checkBoolean(action, "requireOrigin", requireOrigin);
  checkNumber(action, "trustedProxies", trustedProxies, { integer: true });
  return {
    isAllowedOrigin: originCheck(origins, action, trustedProxies),
    requireOrigin,
    trustedProxies,
    failed,
  };
}

/** The longest URL of a handshake: `peer.info` keeps it for as long as the connection is open. */
const MAX_URL_LENGTH = 8_192;

/** Any version of Drumbeat's subprotocol. */
const ANY_VERSION = /^drumbeat\.v\d+$/;

/**
 * Checks the `Origin` of a request.
 *
 * @param request any request.
 * @param rules see {@linkcode admissionRules}.
 * @returns 403 if the origin is not allowed, 503 if the program's function failed.
 */
export async function refuseOrigin(
  request: Request,
  rules: AdmissionRules,
): Promise<Response | undefined> {
  const origin = request.headers.get("origin");
  try {
    const isAllowed = origin === null
      ? !rules.requireOrigin
      : await rules.isAllowedOrigin(origin, request);
    if (isAllowed) return undefined;
  } catch (error) {
    rules.failed(error);
    const headers = { "retry-after": "5" };
    return plainText(503, "The origin cannot be checked", headers);
  }
  const host = requestedHost(request, rules.trustedProxies);
  return plainText(
    403,
    origin === null
      ? "Origin not allowed: the Origin header is missing"
      : `Origin not allowed: ${describeRefusal(origin, host)}`,
    { "x-content-type-options": "nosniff" },
  );
}

/**
 * Decides whether a WebSocket handshake is admitted, for every transport.
 *
 * The dialect follows from the offered subprotocols: `drumbeat.v1`, or the plain one if none of Drumbeat's is offered.
 *
 * @param request the upgrade request.
 * @param remote the address of the other side, without the port.
 * @param transport the side of the hub that the connection is for.
 * @param rules see {@linkcode admissionRules}.
 * @returns the admission, or the refusal in plain text: 403 for a page of an origin that is not allowed, 503 when the hub is
 * full or `origins` failed, 429 when it is full for this address, 400, 414 or 426 for an invalid handshake; for a plain peer 401, 403, 429
 * or 503 when `authorize` refuses it.
 */
export async function admit(
  request: Request,
  remote: string,
  transport: AdmittingTransport,
  rules: AdmissionRules,
): Promise<Admission | Response> {
  // The origin first: the check is cheap, and a page that is not allowed does not learn whether the hub is full.
  const refusal = await refuseOrigin(request, rules);
  if (refusal !== undefined) return refusal;
  if (request.url.length > MAX_URL_LENGTH) {
    return plainText(414, `URL too long: at most ${MAX_URL_LENGTH} characters`);
  }
  const address = clientAddress(request, remote, rules.trustedProxies);
  if (!transport.hasCapacity) {
    return plainText(503, "The hub is full", { "retry-after": "5" });
  }
  if (!transport.hasCapacityFor(address)) {
    return plainText(429, "Too many connections from this address", {
      "retry-after": "5",
    });
  }
  // The runtime accepts any version and an empty key: RFC 6455 sections 4.2.1 and 4.4.
  if (request.headers.get("sec-websocket-version") !== "13") {
    return plainText(426, "Unsupported WebSocket version", {
      "sec-websocket-version": "13",
    });
  }
  if (request.headers.get("sec-websocket-key") === "") {
    return plainText(400, "Invalid WebSocket handshake: the key is empty");
  }
  const offered = offeredSubprotocols(request);
  const isV1 = offered.includes(PROTOCOL);
  const protocol = isV1
    ? PROTOCOL
    : offered.find((name) => ANY_VERSION.test(name)) ?? "";
  const handshake = handshakeOf(request, offered);
  const connection = { protocol, url: request.url, address, handshake };
  if (protocol !== "") {
    return {
      connection,
      subprotocol: protocol,
      isSupported: isV1,
      ticket: undefined,
    };
  }
  const ticket = await transport.admit(connection);
  if (typeof ticket === "string") return REFUSALS[ticket]();
  const subprotocol = foreignSubprotocol(offered);
  return { connection, subprotocol, isSupported: true, ticket };
}

/** A token of HTTP: RFC 9110 section 5.6.2. */
const TOKEN_CHARACTERS = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;

/**
 * Returns the subprotocol to answer a plain client with. Browsers, Node, Bun and `ws` close a connection that answers none of
 * those that they offered. A token is never the answer, because responses' headers are logged: such a client offers a word of
 * its own beside the token.
 */
function foreignSubprotocol(offered: readonly string[]): string {
  return offered.find((name) =>
    TOKEN_CHARACTERS.test(name) && !isTokenEntry(name)
  ) ?? "";
}
