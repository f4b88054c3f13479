/** One right use of a word that the rules reject. */
export interface Allowed {
  /** A file, or a folder that ends with `/`. */
  readonly path: string;
  /** Text of the line that contains the word. */
  readonly text: string;
  /** The reason why the word is right there. */
  readonly reason: string;
}

/** Every right use. A test fails on an entry that matches nothing. */
export const ALLOWED: readonly Allowed[] = [];
