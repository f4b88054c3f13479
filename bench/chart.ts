import type { Peer } from "./peers.ts";
import type { Row } from "./results.ts";
import { short } from "./table.ts";

const WIDTH = 760;
const LABELS = 170;
const NUMBERS = 70;
const BAR = 18;
const GAP = 6;
const TITLE = 34;
const MARGIN = 16;

/** Colours for light and dark themes. */
const STYLE = `
    text { font: 13px system-ui, sans-serif; fill: #24292f }
    .title { font-weight: 600 }
    .small { font-size: 11px; fill: #57606a }
    .other { fill: #8c959f }
    .ours { fill: #0969da }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      .small { fill: #8b949e }
      .other { fill: #6e7681 }
      .ours { fill: #4493f8 }
    }`;

/**
 * Draws the deliveries per second of fan-out as bars in SVG, with a panel for each number of messages in flight.
 *
 * @param rows the results. Fan-out to 500 is drawn; without it, every rate.
 * @param peers the bars of a panel; the first one is highlighted.
 * @param note the line below the chart: machine and day.
 */
export function chart(
  rows: readonly Row[],
  peers: readonly Pick<Peer, "name" | "title">[],
  note: string,
): string {
  const rates = rows.filter(({ metric }) => metric.key === "perSecond");
  const usual = rates.filter(({ scenario }) => scenario.endsWith("x500"));
  const panels = usual.length > 0 ? usual : rates;
  let top = MARGIN;
  const parts: string[] = [];
  for (const row of panels) {
    const drawn = panel(row, peers, top);
    parts.push(drawn.svg);
    top = drawn.bottom;
  }
  const height = top + 24;
  parts.push(text(MARGIN, top + 8, note, "small"));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="Deliveries per second, by server">
  <style>${STYLE}
  </style>
${parts.join("\n")}
</svg>
`;
}

function panel(
  row: Row,
  peers: readonly Pick<Peer, "name" | "title">[],
  top: number,
): { readonly svg: string; readonly bottom: number } {
  const most = Math.max(
    1,
    ...Object.values(row.cells).map((cell) => cell.median),
  );
  const room = WIDTH - 2 * MARGIN - LABELS - NUMBERS;
  const parts = [text(MARGIN, top + 14, titleOf(row), "title")];
  let y = top + TITLE;
  peers.forEach(({ name, title }, index) => {
    const cell = row.cells[name];
    if (cell === undefined) return;
    const length = Math.max(1, Math.round(room * cell.median / most));
    const x = MARGIN + LABELS;
    parts.push(
      text(MARGIN, y + 14, title),
      `  <rect x="${x}" y="${y}" width="${length}" height="${BAR}" rx="2" class="${
        index === 0 ? "ours" : "other"
      }"/>`,
      text(x + length + 6, y + 14, short(cell.median)),
    );
    y += BAR + GAP;
  });
  return { svg: parts.join("\n"), bottom: y + MARGIN };
}

function titleOf({ scenario }: Row): string {
  const [, inFlight, connections] = /^fan-out-(\d+)x(\d+)$/.exec(scenario) ??
    [];
  return inFlight === undefined
    ? `${scenario}: deliveries/s`
    : `Deliveries/s to ${connections} connections, ${inFlight} in flight`;
}

function text(x: number, y: number, words: string, className = ""): string {
  const styled = className === "" ? "" : ` class="${className}"`;
  return `  <text x="${x}" y="${y}"${styled}>${escaped(words)}</text>`;
}

function escaped(words: string): string {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}
