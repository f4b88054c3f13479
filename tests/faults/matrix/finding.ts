/** The result of one check. */
export interface Finding {
  readonly check: string;
  readonly holds: boolean;
  readonly measured: string;
}
