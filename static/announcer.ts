/**
 * Speaks to screen readers, politely: one sentence for a burst instead of a burst of sentences.
 * @module
 */
import { make } from "./dom.ts";

const PAUSE_MS = 800;
const MAX_SPOKEN = 3;
const MAX_SPOKEN_LENGTH = 200;

/** A live region with a memory of what it has yet to say. */
export class Announcer {
  readonly #region: HTMLElement;
  readonly #summary: (count: number) => string;
  #pending: string[] = [];
  #count = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param region an element with `role="status"`.
   * @param summary what is said of more sentences than a listener can take in.
   */
  constructor(region: HTMLElement, summary: (count: number) => string) {
    this.#region = region;
    this.#summary = summary;
  }

  /**
   * Says something soon.
   *
   * @param text a sentence.
   */
  say(text: string): void {
    this.#count++;
    if (this.#count <= MAX_SPOKEN) {
      this.#pending.push(text.slice(0, MAX_SPOKEN_LENGTH).toWellFormed());
    }
    this.#timer ??= setTimeout(() => this.#speak(), PAUSE_MS);
  }

  #speak(): void {
    this.#timer = undefined;
    const spoken = this.#count > MAX_SPOKEN
      ? [this.#summary(this.#count)]
      : this.#pending;
    this.#pending = [];
    this.#count = 0;
    // Paragraphs, not one text: the same words said twice must count as a change.
    this.#region.replaceChildren(...spoken.map((text) => make("p", "", text)));
  }
}
