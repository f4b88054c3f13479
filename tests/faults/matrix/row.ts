import type { Finding } from "./finding.ts";
import type { Harness } from "./harness.ts";
import type { TargetOptions, Transport } from "./target.ts";

/** A row of the matrix: an attack on a server, and the checks that must hold during it and after it. */
export interface Row {
  /** The name on the command line. */
  readonly name: string;
  /** The expected behaviour, in one sentence. */
  readonly expected: string;
  /** The options of the server. Default: a short heartbeat. */
  readonly target?: TargetOptions;
  /**
   * The bound of the witnesses' 99th percentile during the attack: at most `times` that before it, or `ms`. Measured in the
   * full size. Default: none.
   */
  readonly p99?: { readonly times: number; readonly ms: number };
  /** Runs the attack and records its findings with {@linkcode Harness.check}. */
  run(harness: Harness): Promise<void>;
  /**
   * Checks that cannot hold on a transport, each with the words of docs/security.md that state it. When such a check holds,
   * the row fails: the runtime has closed the gap, and the document is wrong.
   */
  readonly gaps?: Readonly<Partial<Record<Transport, Gaps>>>;
  /** Transports on which the row does not run, with the words of docs/security.md that state why it cannot hold. */
  readonly notOn?: Readonly<Partial<Record<Transport, string>>>;
  /** The negative control: the row with one protection off or without the attack, which must fail one check. */
  readonly control: Control;
}

/** The words of docs/security.md for each check that cannot hold. */
export type Gaps = Readonly<Record<string, string>>;

/** See {@linkcode Row.control}. */
export interface Control {
  /** The difference to the row, in a few words. */
  readonly how: string;
  /** The check that must fail. */
  readonly fails: string;
  /** Default: the row's. */
  readonly target?: TargetOptions;
  /** Default: the row's. */
  readonly run?: (harness: Harness) => Promise<void>;
}

/** The result of a row on a transport. */
export interface RowOutcome {
  readonly row: string;
  readonly transport: Transport;
  readonly findings: readonly Finding[];
  /** The 99th percentile of the witnesses' latency before and during the attack, in ms. Absent: not measured. */
  readonly p99?: { readonly before: number; readonly during: number };
  readonly seconds: number;
}

/** The verdict on a row. */
export type Verdict = "holds" | "documented gap" | "FAILS";

/**
 * Judges a row. It fails when a check does not hold and is not a documented gap of the transport, when the check of a
 * documented gap holds, and when the server was not alive at the end.
 */
export function verdictOf(row: Row, outcome: RowOutcome): Verdict {
  const gaps = row.gaps?.[outcome.transport] ?? {};
  const failed = outcome.findings.filter(({ holds, check }) =>
    holds === Object.hasOwn(gaps, check)
  );
  // A row without findings has shown nothing.
  const isAlive = outcome.findings.some(({ check, holds }) =>
    check === "alive" && holds
  );
  if (failed.length > 0 || !isAlive) return "FAILS";
  return Object.keys(gaps).length > 0 ? "documented gap" : "holds";
}
