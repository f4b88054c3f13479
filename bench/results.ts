import type { Measured } from "./generator.ts";
import type { Metric, Scenario } from "./scenarios.ts";
import { median, ratio } from "./statistics.ts";

/** Above this share of its core, the load may be what was measured. */
export const BUSY_LOAD = 0.9;

/** One number of one scenario on one peer, over all rounds. */
export interface Cell {
  /** By round. */
  readonly values: readonly number[];
  readonly median: number;
  /** The first peer's divided by this one's, by round and then the median; absent where one of them has none. */
  readonly ratio?: number;
  /** The load's own share of its core, the median; absent where it was not measured. */
  readonly loadCpu?: number;
}

/** One line of the table. */
export interface Row {
  readonly scenario: string;
  readonly kind: string;
  readonly metric: Metric;
  /** By peer. Absent: the peer cannot, or failed. */
  readonly cells: Readonly<Record<string, Cell>>;
  /** Why there is no number, by peer. */
  readonly failures: Readonly<Record<string, string>>;
}

/** What was measured, by scenario, peer and round. */
export class Results {
  readonly #runs = new Map<string, Measured[]>();
  readonly #failures = new Map<string, string>();

  /** A run. */
  add(scenario: string, peer: string, measured: Measured): void {
    const key = `${scenario} ${peer}`;
    const runs = this.#runs.get(key);
    if (runs === undefined) this.#runs.set(key, [measured]);
    else runs.push(measured);
  }

  /** A run that failed: a scenario counts on a peer only when every round of it went well. */
  fail(scenario: string, peer: string, why: string): void {
    this.#failures.set(`${scenario} ${peer}`, why);
  }

  /** Everything that was measured: by `scenario peer`, then by round. */
  get runs(): Readonly<Record<string, readonly Measured[]>> {
    return Object.fromEntries(this.#runs);
  }

  /** Why runs failed: by `scenario peer`. */
  get failures(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#failures);
  }

  /** Whether any run failed. */
  get failed(): boolean {
    return this.#failures.size > 0;
  }

  /**
   * The lines of the table.
   *
   * @param scenarios what was to be measured.
   * @param peers on whom; the ratios are those of the first.
   */
  rows(
    scenarios: readonly Pick<Scenario, "name" | "kind" | "metrics">[],
    peers: readonly string[],
  ): readonly Row[] {
    return scenarios.flatMap(({ name, kind, metrics }) =>
      metrics.map((metric) => {
        const cells: Record<string, Cell> = {};
        const failures: Record<string, string> = {};
        for (const peer of peers) {
          const why = this.#failures.get(`${name} ${peer}`);
          const runs = this.#runs.get(`${name} ${peer}`);
          if (why !== undefined) failures[peer] = why;
          else if (runs !== undefined) {
            cells[peer] = cell(runs, metric.key, cells[peers[0]!]?.values);
          }
        }
        return { scenario: name, kind, metric, cells, failures };
      })
    );
  }
}

function cell(
  runs: readonly Measured[],
  key: string,
  ours: readonly number[] | undefined,
): Cell {
  const values = runs.map((run) => run[key] ?? NaN);
  const loads = runs.map(({ loadCpu }) => loadCpu ?? NaN);
  const times = ours === undefined ? NaN : ratio(ours, values);
  return {
    values,
    median: median(values),
    ...(Number.isFinite(times) ? { ratio: times } : {}),
    ...(loads.some(Number.isNaN) ? {} : { loadCpu: median(loads) }),
  };
}
