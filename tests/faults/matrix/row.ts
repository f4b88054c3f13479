import type { Arena } from "./harness.ts";
import type { TargetOptions, Transport } from "./target.ts";

/** One way to hurt a server, and what must hold meanwhile and after it. */
export interface Row {
  /** Its name on the command line. */
  readonly name: string;
  /** What is expected, in one sentence. */
  readonly expected: string;
  /** How the server is set up. Default: short heartbeats and nothing else. */
  readonly target?: TargetOptions;
  /** Attacks, and says through {@linkcode Arena.check} what it found. */
  run(arena: Arena): Promise<void>;
  /**
   * Checks that a transport does not let hold, each with the words of docs/security.md that say so. One that holds all the
   * same is a failure, too: the runtime has closed the gap, and the document is wrong.
   */
  readonly gaps?: Readonly<Partial<Record<Transport, Gaps>>>;
  /** Transports on which it is not played, because docs/security.md says that it cannot hold. */
  readonly notOn?: Readonly<Partial<Record<Transport, string>>>;
  /** The same with a defence switched off, or without the attack: the check of that name must fail. */
  readonly control: Control;
}

/** What docs/security.md says of checks that do not hold. */
export type Gaps = Readonly<Record<string, string>>;

/** See {@linkcode Row.control}. */
export interface Control {
  /** What is different, in a few words. */
  readonly how: string;
  /** The check that must fail. */
  readonly fails: string;
  /** Default: the row's. */
  readonly target?: TargetOptions;
  /** Default: the row's. */
  readonly run?: (arena: Arena) => Promise<void>;
}

/** One thing that was looked at. */
export interface Finding {
  readonly check: string;
  readonly holds: boolean;
  /** What was measured. */
  readonly measured: string;
}

/** How a row ended on a transport. */
export interface RowOutcome {
  readonly row: string;
  readonly transport: Transport;
  readonly findings: readonly Finding[];
  /** The 99th percentile of the bystanders' deliveries under attack, and without it, in ms. Absent: not measured. */
  readonly p99?: { readonly attacked: number; readonly quiet: number };
  readonly seconds: number;
}

/** What a row came to. */
export type Verdict = "holds" | "documented gap" | "FAILS";

/**
 * What an outcome comes to: a check that does not hold is a failure, unless it is a documented gap of its transport; and a
 * documented gap that is none is one, too, and so is a server that was not seen alive at the end.
 */
export function verdictOf(row: Row, outcome: RowOutcome): Verdict {
  const gaps = row.gaps?.[outcome.transport] ?? {};
  const failed = outcome.findings.filter(({ holds, check }) =>
    holds === Object.hasOwn(gaps, check)
  );
  // A row that looked at nothing has shown nothing.
  const lives = outcome.findings.some(({ check, holds }) =>
    check === "lives" && holds
  );
  if (failed.length > 0 || !lives) return "FAILS";
  return Object.keys(gaps).length > 0 ? "documented gap" : "holds";
}
