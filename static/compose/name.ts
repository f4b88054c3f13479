/**
 * What a person is called: given at first, then their own choice. A given name stays with its tab, so that two tabs are
 * two people; a chosen one is remembered for the next visit.
 * @module
 */
import { MAX_NAME_LENGTH } from "../contract.ts";

const KEY = "drumbeat.name";

const MANNERS = [
  "Brisk",
  "Calm",
  "Early",
  "Gentle",
  "Keen",
  "Lively",
  "Mellow",
  "Nimble",
  "Patient",
  "Quiet",
  "Steady",
  "Sunny",
  "Swift",
  "Warm",
];

const DRUMS = [
  "Bodhrán",
  "Bongo",
  "Cajón",
  "Conga",
  "Cymbal",
  "Djembe",
  "Gong",
  "Marimba",
  "Snare",
  "Tabla",
  "Taiko",
  "Timbal",
  "Timpani",
  "Triangle",
];

/** Control, format, surrogate, private and unassigned characters; the joiner of emoji is let through. */
const UNSEEN = /(?!\u200d)\p{C}/gu;

/**
 * A name as it is shown: one line, nothing that turns the text around it or cannot be seen.
 *
 * @param name what somebody calls themselves.
 * @returns at most {@linkcode MAX_NAME_LENGTH} code units; "" when nothing visible is left.
 */
export function tidyName(name: string): string {
  const line = name.replace(/\s+/gu, " ").replace(UNSEEN, "").trim();
  // Braille blank, Hangul fillers and a lone joiner look like nothing, but count as letters or symbols.
  if (!/[^\s\u200d\u2800\u115f\u1160\u3164\uffa0]/u.test(line)) {
    return "";
  }
  // Not through a character: half of one is a box with a question mark.
  return line.slice(0, MAX_NAME_LENGTH).replace(/[\ud800-\udbff]$/, "");
}

/**
 * The name to start with.
 *
 * @returns the one chosen earlier, else the one given to this tab, else a new one.
 */
export function recallName(): string {
  const known = tidyName(read("sessionStorage") ?? read("localStorage") ?? "");
  if (known !== "") {
    return known;
  }
  const given = `${pick(MANNERS)} ${pick(DRUMS)}`;
  write("sessionStorage", given);
  return given;
}

/**
 * Keeps a name that was chosen.
 *
 * @param name a tidy name.
 */
export function rememberName(name: string): void {
  write("sessionStorage", name);
  write("localStorage", name);
}

function pick(words: readonly string[]): string {
  return words[Math.floor(Math.random() * words.length)] ?? "Somebody";
}

type Place = "localStorage" | "sessionStorage";

// Both throw where the browser forbids storage, or has no room: then a name lives as long as its page.
function read(place: Place): string | undefined {
  try {
    return globalThis[place].getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

function write(place: Place, name: string): void {
  try {
    globalThis[place].setItem(KEY, name);
  } catch {
    // Nothing depends on it.
  }
}
