import type { Measured } from "./generator.ts";
import type { Metric, Scenario } from "./scenarios.ts";
import { median, ratio } from "./statistics.ts";

/** Above this share of its core, the load generator may be the bottleneck. */
export const BUSY_LOAD = 0.9;

/** One number of one scenario on one server, over all rounds. */
export interface Cell {
  /** The values by round. */
  readonly values: readonly number[];
  readonly median: number;
  /** The median over the rounds of the first server's value divided by this one's. Absent without both values. */
  readonly ratio?: number;
  /** The median of the load generator's share of its core. Absent if it was not measured. */
  readonly loadCpu?: number;
}

/** One line of the table. */
export interface Row {
  readonly scenario: string;
  readonly kind: string;
  readonly metric: Metric;
  /** The numbers by server. Absent: the server does not support it, or failed. */
  readonly cells: Readonly<Record<string, Cell>>;
  /** The reasons of missing numbers, by server. */
  readonly failures: Readonly<Record<string, string>>;
}

/** The results by scenario, server and round. */
export class Results {
  readonly #runs = new Map<string, Measured[]>();
  readonly #failures = new Map<string, string>();

  /** Adds a run. */
  add(scenario: string, peer: string, measured: Measured): void {
    const key = `${scenario} ${peer}`;
    const runs = this.#runs.get(key);
    if (runs === undefined) this.#runs.set(key, [measured]);
    else runs.push(measured);
  }

  /** Adds a failed run. One failed round excludes the scenario of that server. */
  fail(scenario: string, peer: string, reason: string): void {
    this.#failures.set(`${scenario} ${peer}`, reason);
  }

  /** All results: by `scenario peer`, then by round. */
  get runs(): Readonly<Record<string, readonly Measured[]>> {
    return Object.fromEntries(this.#runs);
  }

  /** The reasons of failed runs: by `scenario peer`. */
  get failures(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#failures);
  }

  /** True if any run failed. */
  get failed(): boolean {
    return this.#failures.size > 0;
  }

  /**
   * Returns the lines of the table.
   *
   * @param scenarios the scenarios.
   * @param peers the servers; ratios are those of the first one.
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
          const reason = this.#failures.get(`${name} ${peer}`);
          const runs = this.#runs.get(`${name} ${peer}`);
          if (reason !== undefined) failures[peer] = reason;
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
