import type { Curve, Fit } from "./curve_points.ts";
import { BUSY_LOAD, type Cell, type Results, type Row } from "./results.ts";
import { fitLine } from "./statistics.ts";
import { short } from "./table.ts";

const COUNT = new Intl.NumberFormat("en");

/**
 * Prints one curve as Markdown: a line for each point, a column for each number of each server with the spread of its
 * rounds, the ratio of two servers, and the straight lines.
 *
 * @param curve the curve. Points that were not measured are omitted.
 * @param results the results.
 */
export function curveTable(curve: Curve, results: Results): string {
  const peers = [...new Set(curve.points.flatMap(({ peers }) => peers))];
  const points = curve.points.map((point) => ({
    x: point.x,
    rows: results.rows([point], peers),
  })).filter(({ rows }) =>
    rows.some(({ cells, failures }) =>
      Object.keys({ ...cells, ...failures }).length > 0
    )
  );
  if (points.length === 0) return "";
  const columns = points[0]!.rows.flatMap(({ metric }, index) =>
    peers.map((peer) => ({ peer, index, title: metric.title }))
  );
  const [ours, theirs] = peers;
  const lines = [
    [
      curve.axis,
      ...columns.map(({ peer, title }) =>
        peers.length > 1 ? `${title}, ${peer}` : title
      ),
      ...(theirs === undefined ? [] : [`${ours} ÷ ${theirs}`]),
    ],
    [curve.axis, ...columns, ...(theirs === undefined ? [] : [0])].map(() =>
      "--:"
    ),
    ...points.map(({ x, rows }) => [
      COUNT.format(x),
      ...columns.map(({ peer, index }) => word(rows[index]!, peer)),
      ...(theirs === undefined ? [] : [times(rows[0]!.cells[theirs])]),
    ]),
  ];
  return [
    ...lines.map((line) => `| ${line.join(" | ")} |`),
    "",
    ...curve.fits.flatMap((fit) =>
      peers.map((peer) => lineOf(curve, fit, peer, results))
    ),
  ].join("\n").trimEnd();
}

function word({ cells, failures }: Row, peer: string): string {
  const cell = cells[peer];
  if (cell === undefined) return peer in failures ? "failed" : "–";
  const { values, median, loadCpu } = cell;
  const busy = loadCpu !== undefined && loadCpu > BUSY_LOAD ? "!" : "";
  if (values.length === 1) return short(median) + busy;
  const apart = (Math.max(...values) - Math.min(...values)) / 2 / median;
  return `${short(median)}${busy} ± ${Math.round(apart * 100)} %`;
}

function times(cell: Cell | undefined): string {
  return cell?.ratio === undefined ? "–" : `${cell.ratio.toFixed(2)}×`;
}

function lineOf(
  { points, one }: Curve,
  { key, title, unit, each, byShare }: Fit,
  peer: string,
  results: Results,
): string {
  const metric = { key, title, more: false };
  const pairs = points.flatMap(({ name, kind, x }) => {
    const [row] = results.rows([{ name, kind, metrics: [metric] }], [peer]);
    const cell = row!.cells[peer];
    return cell === undefined ? [] : [[x, cell.median] as const];
  });
  if (pairs.length < 3) return `${title}, ${peer}: too few points for a line.`;
  const { base, slope, off } = fitLine(pairs, { byShare });
  return `${title}, ${peer}: ${short(base)} ${unit} + ${
    short(slope * each.times)
  } ${each.unit} for each ${one}; no point is farther from it than ${
    byShare ? `${Math.round(off * 100)} %` : `${short(off)} ${unit}`
  }.`;
}
