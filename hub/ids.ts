const ALPHABET =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/**
 * A random id in the alphabet of base64url.
 *
 * @param length how many characters; each holds 6 random bits.
 */
export function randomId(length: number): string {
  let id = "";
  for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
    id += ALPHABET[byte & 63];
  }
  return id;
}

/** Characters of a peer's public id: 72 bits, no two alike in practice. */
const PEER_LENGTH = 12;
/** Characters of the part of a session that is secret: 144 bits, more than RFC 6749 section 10.10 asks of a token. */
const SECRET_LENGTH = 24;

/** A peer's public id. */
export function newPeerId(): string {
  return randomId(PEER_LENGTH);
}

const PEER_ID = /^[\w-]{12}$/;

/** Whether something can be a peer's public id at all. */
export function isPeerId(id: string): boolean {
  return PEER_ID.test(id);
}

/**
 * A session: the public id, a dot, and a secret. Whoever knows the whole may resume it; the id alone, which every
 * record carries, says nothing of the secret.
 */
export function newSession(): string {
  return `${newPeerId()}.${randomId(SECRET_LENGTH)}`;
}

/** Characters of a session as the client has it. */
const SESSION_LENGTH = PEER_LENGTH + 1 + SECRET_LENGTH;

/**
 * What the hub and its store put behind a session that belongs to somebody, so that nobody else finds it, whatever they
 * know.
 *
 * @param user whose it is.
 */
export async function ownerMark(user: string): Promise<string> {
  const name = new TextEncoder().encode(user);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", name));
  // 96 bits: not the name itself, which may be long, and is nothing for a store of ours to keep.
  return `.${hash.slice(0, 12).toBase64({ alphabet: "base64url" })}`;
}

/** The session as the client has it. */
export function secretOf(session: string): string {
  return session.slice(0, SESSION_LENGTH);
}

/** The prefix of the name of a peer's direct log, before the peer's id: the log of the messages to this peer only. */
const DIRECT_LOG = "$peer/";

/**
 * Returns the name of a peer's direct log.
 *
 * @param id the peer's public id.
 */
export function directLogOf(id: string): string {
  return DIRECT_LOG + id;
}

/** Returns the id of the peer whose direct log has this name; `undefined` for any other log. */
export function directPeerOf(topic: string): string | undefined {
  return topic.startsWith(DIRECT_LOG)
    ? topic.slice(DIRECT_LOG.length)
    : undefined;
}

/** The public id of a session: the same after a resume, on any node. */
export function peerIdOf(session: string): string {
  return session.slice(0, PEER_LENGTH);
}

/** What the name of a log starts with in which hubs tell each other who is in a topic; the topic's name follows. */
export const PRESENCE_LOG = "$presence/";

const SESSION = /^[\w-]{12}\.[\w-]{24}$/;

/** Whether a client's `session` can be one at all. */
export function isSession(session: string): boolean {
  return SESSION.test(session);
}
