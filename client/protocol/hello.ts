import {
  encode,
  type HelloFrame,
  type Start,
  utf8Length,
  type WireLimits,
} from "../../messages.ts";
import { maxFrameBytes } from "./limits.ts";

/** The parts of a hello. */
export interface HelloParts {
  readonly session: { hello(): { readonly session?: string } };
  /** Returns as many topics as fit into `maxBytes`. The others are subscribed after `start`. */
  readonly topics: { hello(maxBytes: number): Record<string, Start> };
  readonly token: string | undefined;
  /** The limits of the last server; `undefined` before the first connection. */
  readonly limits: WireLimits | undefined;
}

/**
 * Creates a hello, with as many topics as fit into a message.
 *
 * @param parts the session, the topics and the token.
 * @returns the frame; `undefined` if the token is too large.
 */
export function createHello(
  { session, topics, token, limits }: HelloParts,
): HelloFrame | undefined {
  const identity = {
    type: "hello",
    ...session.hello(),
    ...(token === undefined ? {} : { token }),
  } as const;
  const maxBytes = maxFrameBytes(limits, "hello");
  const identityBytes = utf8Length(encode({ ...identity, topics: {} }));
  if (identityBytes > maxBytes) return undefined;
  const tokenBytes = utf8Length(token ?? "");
  const topicsBytes = Math.min(
    maxBytes - identityBytes,
    maxFrameBytes(limits, "subscribe") - (identityBytes - tokenBytes),
  );
  return { ...identity, topics: topics.hello(topicsBytes) };
}
