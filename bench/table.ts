import { BUSY_LOAD, type Cell, type Row } from "./results.ts";

const BUSY = "!";

/** Formats a number with three significant digits, and a letter for thousands and millions. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 999_500) return `${(value / 1e6).toPrecision(3)} M`;
  if (size >= 9_995) return `${(value / 1e3).toPrecision(3)} k`;
  if (Number.isInteger(value)) return String(value);
  if (size >= 99.95) return value.toFixed(0);
  return value.toPrecision(size < 0.01 ? 1 : size < 0.1 ? 2 : 3);
}

/**
 * Formats the table: a line for each number, and a column for each server with the ratio of the first server's value.
 *
 * @param rows the results.
 * @param peers the columns.
 */
export function table(rows: readonly Row[], peers: readonly string[]): string {
  const [first] = peers;
  const lines = [
    ["scenario", "", ...peers.flatMap((peer) => columns(peer, first, peer))],
    ...rows.map((row) => [
      row.scenario,
      row.metric.title,
      ...peers.flatMap((peer) =>
        columns(value(row, peer), first, peer, times(row.cells[peer]))
      ),
    ]),
  ];
  const widths = lines[0]!.map((_, column) =>
    Math.max(...lines.map((line) => line[column]!.length))
  );
  const text = lines.map((line) =>
    line.map((word, column) =>
      column < 2 ? word.padEnd(widths[column]!) : word.padStart(widths[column]!)
    ).join("  ").trimEnd()
  );
  return [...text, "", ...notes(rows, first)].join("\n");
}

/** The first server has no ratio to itself. */
function columns(
  word: string,
  first: string | undefined,
  peer: string,
  ratio = "×",
): readonly string[] {
  return peer === first ? [word] : [word, ratio];
}

function value(row: Row, peer: string): string {
  const cell = row.cells[peer];
  if (cell === undefined) return peer in row.failures ? "failed" : "–";
  return short(cell.median) + (isBusy(cell) ? BUSY : "");
}

function times(cell: Cell | undefined): string {
  return cell?.ratio === undefined ? "" : `${cell.ratio.toFixed(2)}×`;
}

function isBusy({ loadCpu }: Cell): boolean {
  return loadCpu !== undefined && loadCpu > BUSY_LOAD;
}

function notes(
  rows: readonly Row[],
  first: string | undefined,
): readonly string[] {
  const cells = rows.flatMap((row) => Object.values(row.cells));
  const loads = cells.flatMap(({ loadCpu }) => loadCpu ?? []);
  return [
    `×: ${first}'s value divided by the server's. –: not supported.`,
    ...(loads.length === 0 ? [] : [
      `The load generator used at most ${
        Math.round(Math.max(...loads) * 100)
      } % of its core.`,
    ]),
    ...(cells.some(isBusy)
      ? [
        `${BUSY}: the load generator used more than ${
          BUSY_LOAD * 100
        } % of its core there: the server may be faster.`,
      ]
      : []),
    ...new Set(
      rows.flatMap(({ scenario, failures }) =>
        Object.entries(failures).map(([peer, reason]) =>
          `FAILED: ${scenario} on ${peer}: ${reason}`
        )
      ),
    ),
  ];
}
