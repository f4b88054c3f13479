import type { Handshake } from "../../hub/socket.ts";

/** The prefix of a subprotocol entry that holds a token, for plain clients that cannot set a header. */
const TOKEN = "drumbeat.token.";

/** Returns true for the subprotocol entry that holds a token. */
export function isTokenEntry(name: string): boolean {
  return name.startsWith(TOKEN);
}

/** Lists the subprotocols that a handshake offers. */
export function offeredSubprotocols(request: Request): string[] {
  return (request.headers.get("sec-websocket-protocol") ?? "")
    .split(",").map((name) => name.trim()).filter((name) => name !== "");
}

/**
 * Copies the headers of a handshake that identify its client.
 *
 * @param request the upgrade request. It may not be readable after the upgrade.
 * @param offered the subprotocols that it offers.
 * @returns the headers that are present. The first token entry is decoded and removed from the subprotocols.
 */
export function handshakeOf(
  request: Request,
  offered: readonly string[],
): Handshake {
  const { headers } = request;
  const entry = offered.find(isTokenEntry);
  const fields = {
    token: entry === undefined ? undefined : decode(entry.slice(TOKEN.length)),
    cookie: headers.get("cookie") ?? undefined,
    authorization: headers.get("authorization") ?? undefined,
    origin: headers.get("origin") ?? undefined,
    userAgent: headers.get("user-agent") ?? undefined,
    protocols: offered.filter((name) => !isTokenEntry(name)),
  };
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  );
}

/** Decodes base64url as UTF-8; `undefined` for anything else, which counts as no token. */
function decode(text: string): string | undefined {
  try {
    const bytes = Uint8Array.fromBase64(text, { alphabet: "base64url" });
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
