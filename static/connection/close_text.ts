/**
 * Short explanations of close codes.
 * @module
 */
import type { CloseCode } from "../../messages.ts";

type DrumbeatCode = (typeof CloseCode)[keyof typeof CloseCode];

/** Codes of RFC 6455 section 7.4.1, and 1012 of the IANA registry, that a browser can report. */
type StandardCode =
  | 1000
  | 1001
  | 1002
  | 1003
  | 1005
  | 1006
  | 1007
  | 1008
  | 1009
  | 1010
  | 1011
  | 1012
  | 1013
  | 1014
  | 1015;

// The type makes the table complete: a code of Drumbeat without a text, and a code that stands twice, do not compile.
const TEXTS = {
  1000: "closed normally",
  1001: "the server is shutting down, or the page is closing",
  1002: "protocol error",
  1003: "unsupported data type",
  1005: "closed without a code",
  1006: "connection failed: no close frame was received",
  1007: "the text was not valid UTF-8",
  1008: "policy violation",
  1009: "message too large",
  1010: "a required extension is missing",
  1011: "internal server error",
  1012: "the server is restarting",
  1013: "the server is overloaded: try again later",
  1014: "invalid response of a gateway",
  1015: "TLS handshake failed",
  4000: "replaced by a new connection of the same client",
  4001: "no data within the heartbeat timeout",
  4002: "the peer is not reading",
  4003: "unexpected offset: the client resumes from its last position",
  4004: "the browser keeps the page for the Back button",
  4029: "rate limit exceeded",
  4408: "no hello in time",
  4500: "not the drumbeat.v1 protocol",
  4501: "not authenticated",
  4503: "not allowed",
  4505: "the session was resumed by another connection",
  4506: "no common protocol version",
} as const satisfies Readonly<Record<StandardCode | DrumbeatCode, string>>;

/**
 * Explains a close code.
 *
 * @param code the code of a `close` event.
 * @returns a short phrase. Codes without a text get the phrase of their range (RFC 6455 section 7.4.2).
 */
export function closeText(code: number): string {
  if (Object.hasOwn(TEXTS, code)) {
    return TEXTS[code as keyof typeof TEXTS];
  }
  if (code >= 4000) {
    return "defined by the application";
  }
  return code >= 3000 ? "registered with IANA" : "reserved by the standard";
}
