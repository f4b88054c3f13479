/**
 * Announcements for screen readers: a burst of sentences becomes one summary.
 * @module
 */
import { byId, make } from "./dom.ts";
import { truncate } from "./text_format.ts";

/** Sentences of this time are announced together. */
const COLLECT_MS = 800;
/** Above this number of sentences, the summary replaces them. */
const MAX_SENTENCES = 3;
/** Maximum length of an announced sentence in UTF-16 code units. */
const MAX_LENGTH = 200;

/** A live region that announces sentences at a bounded rate. */
export class Announcer {
  readonly #region: HTMLElement;
  readonly #summary: (count: number) => string;
  #pending: string[] = [];
  #count = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param id the id of an element with `role="status"`.
   * @param summary returns the sentence that replaces a burst of `count` sentences.
   */
  constructor(id: string, summary: (count: number) => string) {
    this.#region = byId(id, HTMLElement);
    this.#summary = summary;
  }

  /**
   * Announces a sentence within {@linkcode COLLECT_MS}.
   *
   * @param text the sentence.
   */
  announce(text: string): void {
    this.#count++;
    if (this.#count <= MAX_SENTENCES) {
      this.#pending.push(truncate(text, MAX_LENGTH));
    }
    this.#timer ??= setTimeout(() => this.#flush(), COLLECT_MS);
  }

  #flush(): void {
    this.#timer = undefined;
    const sentences = this.#count > MAX_SENTENCES
      ? [this.#summary(this.#count)]
      : this.#pending;
    this.#pending = [];
    this.#count = 0;
    // New paragraphs, not a new text: the same sentence twice must count as a change of the live region.
    this.#region.replaceChildren(
      ...sentences.map((text) => make("p", "", text)),
    );
  }
}
