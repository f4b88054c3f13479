import { Buffer } from "node:buffer";
import {
  type IncomingMessage,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { Duplex } from "node:stream";

/**
 * What came over `node:http`, as the Web's `Request`. Without its body: nothing here reads one.
 *
 * @throws {TypeError} when the Host header or the path make no URL, or the method is one that no Request may have.
 */
export function requestOf(message: IncomingMessage): Request {
  const { method = "GET", url = "/", rawHeaders, socket } = message;
  const scheme = "encrypted" in socket ? "https" : "http";
  const headers = new Headers();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    headers.append(rawHeaders[i]!, rawHeaders[i + 1]!);
  }
  // A whole URL in the request line is what a proxy gets (RFC 9112 section 3.2.2), and says the host itself.
  const target = url.startsWith("/")
    ? `${scheme}://${headers.get("host")}${url}`
    : url;
  return new Request(target, { method, headers });
}

/** Writes an answer with `node:http`. */
export async function respond(
  to: ServerResponse,
  response: Response,
): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer());
  to.writeHead(response.status, Object.fromEntries(response.headers));
  to.end(body);
}

/** Answers an upgrade request that was refused, and ends the connection: it has left HTTP already. */
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
  // Who does not read the answer, or does not hang up, is not waited for.
  socket.end(body, () => socket.destroy());
}
