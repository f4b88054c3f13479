import type { Observer } from "../observer.ts";
import type { HubStats } from "./stats.ts";

/** A hub, as far as metrics look at it. */
export interface Measured {
  /** The numbers of now. */
  stats(): HubStats;
  /** Watches the hub; the answer ends it. */
  observe(observer: Observer): () => void;
}

/** Metrics as text, for `/metrics`: `prometheus` of `./metrics` makes them. */
export interface Metrics {
  /** The media type of the text. */
  readonly contentType: string;
  /** The numbers of now. */
  text(): Promise<string>;
}
