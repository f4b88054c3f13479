/**
 * Logs of a hub, with npm `@logtape/logtape`: docs/observability.md lists the events and their fields. They never contain
 * a token, a session, a query or a message.
 *
 * @module
 */
import { configureSync, getLogger } from "npm:@logtape/logtape@2.4.2";
import { checkNames, checkOneOf } from "../../common/options.ts";
import type { Clock } from "../../hub/clock.ts";
import type { Observer } from "../../hub/observe/observer.ts";
import type { Peer } from "../../hub/peer.ts";
import { WebClock } from "../clock_web.ts";
import { LogThrottle } from "./log_throttle.ts";
import { lineOf, type LogFormat } from "./log_format.ts";

export { type LogFormat } from "./log_format.ts";

/** The logger that {@linkcode logs} writes to: a logger of LogTape is one. */
export interface HubLogger {
  /** Logs an expected event. */
  info(event: string, fields?: Record<string, unknown>): void;
  /** Logs a fault of a client. */
  warn(event: string, fields?: Record<string, unknown>): void;
  /** Logs a failure of the server. */
  error(event: string, fields?: Record<string, unknown>): void;
}

/** LogTape's category of the default logger. */
const CATEGORY = "drumbeat";

/** Options of {@linkcode lineLogger}. */
export interface LineLoggerOptions {
  /** The format of a line: a JSON object, or text for people. */
  readonly format: LogFormat;
  /** Writes a line, its line feed included. An error that it throws, or rejects with, is ignored. */
  readonly write: (line: string) => void;
}

/**
 * Configures LogTape to write the category `drumbeat` as lines, and replaces any other configuration of LogTape. A
 * program that uses LogTape itself configures its own sinks instead.
 *
 * @param options see {@linkcode LineLoggerOptions}.
 * @returns the logger, for the option `logger` of {@linkcode logs}.
 * @throws {TypeError} for an unknown option or format.
 * @example
 * ```ts
 * import { assertMatch } from "@std/assert";
 * import { lineLogger } from "./logtape.ts";
 *
 * let log = "";
 * const logger = lineLogger({ format: "text", write: (line) => log += line });
 * logger.info("listening", { port: 8000 });
 * assertMatch(log, /^\S+ INFO listening port=8000\n$/);
 * ```
 */
export function lineLogger(options: LineLoggerOptions): HubLogger {
  checkNames("Cannot log lines", options, { format: true, write: true });
  const { format, write } = options;
  checkOneOf("Cannot log lines", "format", format, ["json", "text"]);
  configureSync({
    reset: true,
    sinks: {
      lines: (record) => {
        try {
          const result: unknown = write(lineOf(record, format));
          if (result instanceof Promise) result.catch(() => {});
        } catch {
          // The output failed, as it does on a full disk: there is no other place to report it.
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

/** Options of {@linkcode logs}. */
export interface LogsOptions {
  /**
   * The logger to write to.
   *
   * @default LogTape's logger of the category `drumbeat`
   */
  readonly logger?: HubLogger;
  /**
   * The clock that ends the windows of the throttle.
   *
   * @default a {@linkcode WebClock}
   */
  readonly clock?: Pick<Clock, "after">;
}

/** The lines of each event in ten seconds. The others are counted and reported with one line. */
const MAX_LINES = { refused: 10, opened: 100, closed: 100, failed: 50 };

const SUMMARIES: Readonly<Record<keyof typeof MAX_LINES, string>> = {
  refused: "more handshakes were refused",
  opened: "more connections were opened",
  closed: "more connections were closed",
  failed: "more failed",
};

/**
 * Makes an observer that logs what happens in a hub: `hub.observe(logs())`.
 *
 * @param options see {@linkcode LogsOptions}.
 * @returns the observer. While events come in, it holds a timer.
 * @throws {TypeError} for an unknown option.
 * @example
 * ```ts
 * import { assertMatch } from "@std/assert";
 * import { createHub } from "../../hub.ts";
 * import { lineLogger, logs } from "./logtape.ts";
 *
 * let log = "";
 * const logger = lineLogger({ format: "json", write: (line) => log += line });
 * await using hub = createHub();
 * hub.observe(logs({ logger }));
 * await hub.close();
 * assertMatch(log, /"event":"ended"/);
 * ```
 */
export function logs(options: LogsOptions = {}): Observer {
  checkNames("Cannot log", options, { logger: true, clock: true });
  const { logger = getLogger(CATEGORY), clock = new WebClock() } = options;
  const throttle = (event: keyof typeof MAX_LINES) =>
    new LogThrottle(
      clock,
      MAX_LINES[event],
      (more) =>
        logger.warn(`${SUMMARIES[event]}, not logged one by one`, { more }),
    );
  const refusals = throttle("refused");
  const openings = throttle("opened");
  const closings = throttle("closed");
  const failures = throttle("failed");
  const endWindows = () => {
    for (const each of [refusals, openings, closings, failures]) each.end();
  };
  // A peer's id changes with its hello: the number joins the two lines of a connection.
  const numbers = new WeakMap<Peer, number>();
  let connections = 0;
  return {
    start: () => endWindows,
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
    draining: (connections) => logger.info("draining", { connections }),
    ended(connections) {
      endWindows();
      logger.info("ended", { left: connections });
    },
  };
}

function fieldsOf({ dialect, info }: Peer) {
  return {
    dialect,
    address: info.address,
    // Without the query: clients put secrets there.
    path: URL.parse(info.url)?.pathname,
  };
}

function errorFields(error: unknown) {
  if (!(error instanceof Error)) return { error: typeof error };
  const { name, message, stack } = error;
  const at = /^\s+at .*$/m.exec(stack ?? "")?.[0].trim();
  return { error: name, message, at };
}
