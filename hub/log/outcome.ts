import type { Outcome } from "./store.ts";

/** The outcome of an entry that is not stored. */
export const UNAVAILABLE: Outcome = {
  code: "unavailable",
  message: "Log cannot be written",
};

/** The outcome of an entry that may be stored. */
export const INDETERMINATE: Outcome = {
  code: "indeterminate",
  message: "The log failed: it may contain the message",
};

/** The outcome of a repeated entry whose first outcome is not kept. */
export const NOT_KEPT: Outcome = {
  code: "indeterminate",
  message: "The id is not above the ones before, and its outcome is not kept",
};
