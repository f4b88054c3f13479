const ALPHABET =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/**
 * Returns a random id in the alphabet of base64url.
 *
 * @param length the number of characters; each has 6 random bits.
 */
export function randomId(length: number): string {
  let id = "";
  for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
    id += ALPHABET[byte & 63];
  }
  return id;
}

/** The characters of a peer's public id: 72 bits, so that two equal ids are impossible in practice. */
const PEER_LENGTH = 12;
/** The characters of the secret part of a session: 144 bits, more than RFC 6749 section 10.10 requires of a token. */
const SECRET_LENGTH = 24;

/** Returns a new public id of a peer. */
export function newPeerId(): string {
  return randomId(PEER_LENGTH);
}

const PEER_ID = /^[\w-]{12}$/;

/** Returns `true` for text that has the form of a peer's public id. */
export function isPeerId(id: string): boolean {
  return PEER_ID.test(id);
}

/**
 * Returns a new session: the public id, a dot, and a secret. The session can be resumed with the whole text only; the public
 * id, which every record contains, reveals nothing of the secret.
 */
export function newSession(): string {
  return `${newPeerId()}.${randomId(SECRET_LENGTH)}`;
}

/** The characters of a session, as the client has it. */
const SESSION_LENGTH = PEER_LENGTH + 1 + SECRET_LENGTH;

const SESSION = /^[\w-]{12}\.[\w-]{24}$/;

/** Returns `true` for text that has the form of a session. */
export function isSession(session: string): boolean {
  return SESSION.test(session);
}

/** Returns the public id of a session: a resume keeps it, on any hub. */
export function peerIdOf(session: string): string {
  return session.slice(0, PEER_LENGTH);
}

/**
 * Returns the suffix that the hub adds to the sessions of a user, so that another user cannot resume them.
 *
 * @param user the user's name.
 */
export async function ownerMark(user: string): Promise<string> {
  const name = new TextEncoder().encode(user);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", name));
  // 96 bits of a hash: the name may be long, and the store need not contain it.
  return `.${hash.slice(0, 12).toBase64({ alphabet: "base64url" })}`;
}

/** Returns a session as the client has it: without the suffix of its owner. */
export function withoutOwner(session: string): string {
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

/** The prefix of the name of a presence log, before the topic's name: the log through which hubs exchange its members. */
export const PRESENCE_LOG = "$presence/";
