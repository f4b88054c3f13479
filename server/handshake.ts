import type { Handshake } from "../hub/socket.ts";

/** A subprotocol entry that is a token, for clients that cannot set a header and have no hello to wait for. */
const TOKEN = "drumbeat.token.";

/** The subprotocols that a handshake offers. */
export function offeredBy(request: Request): string[] {
  return (request.headers.get("sec-websocket-protocol") ?? "")
    .split(",").map((name) => name.trim()).filter((name) => name !== "");
}

/**
 * Copies what a request says of who sends it.
 *
 * @param request the upgrade request. It is dead after the upgrade.
 * @param offered the subprotocols that it offers.
 * @returns the headers that it has. The token is taken out of the subprotocols, and of several the first one counts.
 */
export function handshakeOf(
  request: Request,
  offered: readonly string[],
): Handshake {
  const { headers } = request;
  const entry = offered.find((name) => name.startsWith(TOKEN));
  const said = {
    token: entry === undefined ? undefined : decode(entry.slice(TOKEN.length)),
    cookie: headers.get("cookie") ?? undefined,
    authorization: headers.get("authorization") ?? undefined,
    origin: headers.get("origin") ?? undefined,
    userAgent: headers.get("user-agent") ?? undefined,
  };
  const protocols = offered.filter((name) => !name.startsWith(TOKEN));
  return Object.fromEntries(
    Object.entries({ ...said, protocols }).filter(([, value]) =>
      value !== undefined
    ),
  );
}

/** Text in base64url; `undefined` for what is none: then there is no token. */
function decode(text: string): string | undefined {
  try {
    const bytes = Uint8Array.fromBase64(text, { alphabet: "base64url" });
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
