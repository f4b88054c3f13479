/**
 * Logs of a hub through npm `@logtape/logtape`: docs/observability.md lists the events and their fields. No token, no
 * session, no query and no message is ever in them.
 *
 * @module
 */
import { configureSync, getLogger } from "npm:@logtape/logtape@2.4.2";
import type { Clock } from "../../hub/clock.ts";
import type { Observer } from "../../hub/observer.ts";
import type { Peer } from "../../hub/peer.ts";
import { WebClock } from "../clock_web.ts";
import { Flood } from "./log_throttle.ts";
import { lineOf, type LogFormat } from "./log_format.ts";

export { type LogFormat } from "./log_format.ts";

/** What {@linkcode logHub} writes to: a logger of LogTape's is one. */
export interface HubLogger {
  /** What is as it should be. */
  info(event: string, fields?: Record<string, unknown>): void;
  /** What somebody else did wrong. */
  warn(event: string, fields?: Record<string, unknown>): void;
  /** What went wrong here. */
  error(event: string, fields?: Record<string, unknown>): void;
}

/** Lines in ten seconds, by event; what is above is counted and told in one. */
const MOST = { refused: 10, opened: 100, closed: 100, failed: 50 };

/** What LogTape's category is called. */
const CATEGORY = "drumbeat";

/** Options of {@linkcode logLines}. */
export interface LogLinesOptions {
  /** One JSON object a line, or words for people. */
  readonly format: LogFormat;
  /** Takes a line, its end included. What it throws is lost, and nothing else. */
  readonly write: (line: string) => void;
}

/**
 * Sets LogTape up so that what is in the category `drumbeat` becomes lines. For programs that do not use LogTape
 * otherwise: those that do leave this out, and get their own sinks.
 *
 * @param options see {@linkcode LogLinesOptions}.
 * @returns the logger to give to {@linkcode logHub}.
 */
export function logLines({ format, write }: LogLinesOptions): HubLogger {
  configureSync({
    reset: true,
    sinks: {
      lines: (record) => {
        try {
          write(lineOf(record, format));
        } catch {
          // A full disk: nowhere to say it.
        }
      },
    },
    loggers: [
      { category: CATEGORY, lowestLevel: "debug", sinks: ["lines"] },
      { category: ["logtape", "meta"], lowestLevel: "fatal", sinks: [] },
    ],
  });
  return getLogger(CATEGORY);
}

/**
 * Makes an observer that logs what happens: `hub.observe(logHub())`.
 *
 * @param logger where to. Default: LogTape's category `drumbeat`.
 * @param clock when a flood is over. Default: the Web platform's.
 * @example
 * ```ts
 * import { assertMatch } from "@std/assert";
 * import { createHub } from "../../hub.ts";
 * import { logHub, logLines } from "./logtape.ts";
 *
 * let log = "";
 * const logger = logLines({ format: "json", write: (line) => log += line });
 * await using hub = createHub();
 * hub.observe(logHub(logger));
 * await hub.close();
 * assertMatch(log, /"event":"ended"/);
 * ```
 */
export function logHub(
  logger: HubLogger = getLogger(CATEGORY),
  clock: Pick<Clock, "after"> = new WebClock(),
): Observer {
  const flood = (event: keyof typeof MOST) =>
    new Flood(
      clock,
      MOST[event],
      (more) =>
        logger.warn(`${SUMMARIES[event]}, not told one by one`, { more }),
    );
  const refusals = flood("refused");
  const openings = flood("opened");
  const closings = flood("closed");
  const failures = flood("failed");
  // A peer's id is another one once it has said hello.
  const numbers = new WeakMap<Peer, number>();
  let connections = 0;
  return {
    opened(peer) {
      const connection = ++connections;
      numbers.set(peer, connection);
      if (!openings.allows()) return;
      logger.info("opened", { connection, ...fieldsOf(peer) });
    },
    closed(peer, { code, reason }) {
      if (!closings.allows()) return;
      const connection = numbers.get(peer);
      const end = { peer: peer.id, code, reason };
      logger.info("closed", { connection, ...fieldsOf(peer), ...end });
    },
    refused(handshake) {
      if (refusals.allows()) logger.warn("refused", { ...handshake });
    },
    failed(error, { stage }) {
      if (!failures.allows()) return;
      logger.error("failed", { stage, ...errorFields(error) });
    },
    store(works) {
      if (works) logger.info("the store works again");
      else logger.error("the store fails");
    },
    going(step, connections) {
      if (step === "draining") return logger.info("draining", { connections });
      for (const each of [refusals, openings, closings, failures]) each.close();
      logger.info("ended", { left: connections });
    },
  };
}

const SUMMARIES: Readonly<Record<keyof typeof MOST, string>> = {
  refused: "more handshakes were refused",
  opened: "more connections were opened",
  closed: "more connections were closed",
  failed: "more failed",
};

function fieldsOf({ dialect, info }: Peer) {
  return {
    dialect,
    address: info.address,
    // Without the query, which is nobody's business.
    path: URL.parse(info.url)?.pathname,
  };
}

function errorFields(error: unknown) {
  if (!(error instanceof Error)) return { error: typeof error };
  const { name, message, stack } = error;
  const at = /^\s+at .*$/m.exec(stack ?? "")?.[0].trim();
  return { error: name, message, at };
}
