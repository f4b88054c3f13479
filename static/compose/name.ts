/**
 * The user's display name. A generated name belongs to its tab, so that two tabs look like two users; a name that the user
 * chose is also stored for the next visit.
 * @module
 */
import { MAX_NAME_LENGTH } from "../contract.ts";
import { truncate } from "../text_format.ts";

const KEY = "drumbeat.name";

const ADJECTIVES = [
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

const INSTRUMENTS = [
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

/** Control, format, surrogate, private and unassigned characters, without the joiner that emoji need (U+200D). */
const INVISIBLE = /(?!\u200d)\p{C}/gu;

/** Any character that is drawn: U+2800, U+115F, U+1160, U+3164 and U+FFA0 count as letters or symbols, but are blank. */
const VISIBLE = /[^\s\u200d\u2800\u115f\u1160\u3164\uffa0]/u;

/**
 * Cleans a display name: one line, without invisible characters and without characters that change the direction of the
 * text around the name.
 *
 * @param name any text.
 * @returns at most {@linkcode MAX_NAME_LENGTH} code units; "" if no visible character remains.
 */
export function cleanName(name: string): string {
  const line = name.replace(/\s+/gu, " ").replace(INVISIBLE, "").trim();
  return VISIBLE.test(line) ? truncate(line, MAX_NAME_LENGTH) : "";
}

/**
 * Loads the display name.
 *
 * @returns the name of this tab, else the name that the user chose on an earlier visit, else a new one.
 */
export function loadName(): string {
  const stored = cleanName(
    read("sessionStorage") ?? read("localStorage") ?? "",
  );
  if (stored !== "") {
    return stored;
  }
  const generated = `${pick(ADJECTIVES)} ${pick(INSTRUMENTS)}`;
  write("sessionStorage", generated);
  return generated;
}

/**
 * Stores a name that the user chose.
 *
 * @param name a clean name.
 */
export function saveName(name: string): void {
  write("sessionStorage", name);
  write("localStorage", name);
}

function pick(words: readonly string[]): string {
  return words[Math.floor(Math.random() * words.length)] ?? "Drum";
}

type StorageName = "localStorage" | "sessionStorage";

// Both functions throw if the browser forbids storage, or if it is full. The name then lasts as long as its page.
function read(storage: StorageName): string | undefined {
  try {
    return globalThis[storage].getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

function write(storage: StorageName, name: string): void {
  try {
    globalThis[storage].setItem(KEY, name);
  } catch {
    // The page works without a stored name.
  }
}
