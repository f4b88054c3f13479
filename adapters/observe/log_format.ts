import type { LogRecord } from "npm:@logtape/logtape@2.4.2";

/** How a log looks: one JSON object a line, or words for people. */
export type LogFormat = "json" | "text";

/** Longest value of a field, in UTF-16 units: most of them are somebody else's words. */
const MAX_VALUE_LENGTH = 300;

/**
 * What JSON leaves as it is, and a terminal or a viewer of logs may take for more than a letter: the other control
 * characters, line and paragraph separators, and those that turn the direction of writing.
 */
const TRICKY =
  /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/**
 * Makes one line of a log record. Whatever is in it, it is one line: no character of a field ends it or begins another.
 *
 * @param record from LogTape; the message is the program's own, the properties need not be.
 * @param format how it looks.
 * @returns the line, with its end.
 */
export function lineOf(record: LogRecord, format: LogFormat): string {
  const time = new Date(record.timestamp).toISOString();
  const { level } = record;
  const event = record.message.join("");
  const fields = Object.entries(record.properties)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]): [string, string] => [name, quote(value)]);
  if (format === "text") {
    const words = fields.map(([name, value]) => `${name}=${value}`);
    return [time, level.toUpperCase(), event, ...words].join(" ") + "\n";
  }
  const all = [
    ["time", quote(time)],
    ["level", quote(level)],
    ["event", quote(event)],
    ...fields,
  ];
  return `{${all.map(([name, value]) => `"${name}":${value}`).join(",")}}\n`;
}

function quote(value: unknown): string {
  const short = typeof value === "string" && value.length > MAX_VALUE_LENGTH
    ? `${value.slice(0, MAX_VALUE_LENGTH)}…`
    : value;
  return (JSON.stringify(short) ?? "null").replace(
    TRICKY,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
