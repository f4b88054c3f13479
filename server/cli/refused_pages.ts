import type { Observer } from "../../hub/observe/observer.ts";
import { describeRefusal } from "../admission/refused_handshake.ts";

/** The pairs of Origin and Host that are remembered. Clients choose both, so the rest is not printed. */
export const MAX_PAIRS = 100;

/**
 * Creates an observer that prints one line for each pair of Origin and Host of a refused page: neither a browser nor the page
 * shows the reason.
 *
 * @param write writes a line, without its line end.
 */
export function refusedPages(write: (line: string) => void): Observer {
  const seen = new Set<string>();
  return {
    refused({ status, origin, host }) {
      if (status !== 403 || origin === undefined) return;
      const line = describeRefusal(origin, host);
      if (seen.has(line) || seen.size >= MAX_PAIRS) return;
      seen.add(line);
      write(`${line[0]!.toUpperCase()}${line.slice(1)}.`);
    },
  };
}
