import type { Observer } from "../../hub/observe/observer.ts";

/**
 * Creates an observer that prints one line when a drain has connections to close: without it, Ctrl-C seems to have no effect.
 *
 * @param write writes a line, without its line end.
 */
export function drainNotice(write: (line: string) => void): Observer {
  return {
    draining(connections) {
      if (connections === 0) return;
      const counted = connections === 1
        ? "1 connection"
        : `${connections} connections`;
      write(`Draining ${counted}… A second signal ends the server at once.`);
    },
  };
}
