import type {
  AnyMessages,
  AnyRequests,
  MessageMap,
  RequestMap,
} from "../messages.ts";
import { Client } from "./client.ts";
import type { ConnectOptions } from "./options.ts";

/**
 * Connects to a Drumbeat server, or to any WebSocket server, and reconnects.
 *
 * @typeParam M the contract's messages.
 * @typeParam R the contract's requests.
 * @typeParam P the contract's presence data.
 * @param url an absolute `ws:`, `wss:`, `http:` or `https:` URL, or, on a page, a path on the page's own host.
 * @param options the contract, the token and the bounds; every number has a default.
 * @returns the client, in the state `connecting`.
 * @throws {DOMException} `SyntaxError` for a URL that is not valid; and the exception of the WebSocket constructor.
 * @throws {TypeError} for an unknown option, or one of the wrong type.
 * @throws {RangeError} for a number out of bounds.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { connect } from "../client.ts";
 *
 * const client = connect("ws://127.0.0.1:1/ws");
 * const lobby = client.topic("lobby", { last: 10 });
 * lobby.on("chat", (message, { from }) => console.log(from, message.text));
 * assertEquals(lobby.state, "subscribing");
 * client.close();
 * ```
 */
export function connect<
  M extends MessageMap = AnyMessages,
  R extends RequestMap = AnyRequests,
  P = unknown,
>(
  url: string | URL,
  options: ConnectOptions<M, R, P> = {},
): Client<M, R, P> {
  return new Client(url, options);
}
