import { Buffer } from "node:buffer";
import {
  type IncomingMessage,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { Duplex } from "node:stream";

/**
 * Creates the `Request` of a message of `node:http`, without its body, which nothing here reads.
 *
 * @throws {TypeError} when the Host header and the path do not form a URL, or a `Request` may not have the method.
 */
export function requestOf(message: IncomingMessage): Request {
  const { method = "GET", url = "/", rawHeaders, socket } = message;
  const scheme = "encrypted" in socket ? "https" : "http";
  const headers = new Headers();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    headers.append(rawHeaders[i]!, rawHeaders[i + 1]!);
  }
  // A request to a proxy has a whole URL in its first line (RFC 9112 section 3.2.2), with the host.
  const target = url.startsWith("/")
    ? `${scheme}://${headers.get("host")}${url}`
    : url;
  return new Request(target, { method, headers });
}

/** Sends a response with `node:http`. */
export async function respond(
  to: ServerResponse,
  response: Response,
): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer());
  to.writeHead(response.status, Object.fromEntries(response.headers));
  to.end(body);
}

/** Sends the response to a refused upgrade request, and closes the connection: `node:http` has handed it over. */
export async function refuse(
  socket: Duplex,
  response: Response,
): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer());
  const headers = new Headers(response.headers);
  headers.set("connection", "close");
  headers.set("content-length", `${body.length}`);
  const head = [...headers].map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(
    `HTTP/1.1 ${response.status} ${STATUS_CODES[response.status]}\r\n${
      head.join("")
    }\r\n`,
  );
  // A client that does not read the response, or does not close, must not keep the connection open.
  socket.end(body, () => socket.destroy());
}
