import type { LogRecord } from "npm:@logtape/logtape@2.4.2";

/** The format of a log line: a JSON object, or text for people. */
export type LogFormat = "json" | "text";

/** The longest value of a field, in UTF-16 units: most values come from clients. */
const MAX_VALUE_LENGTH = 300;

/**
 * The characters that JSON does not escape and a terminal or a log viewer may act on: other control characters, line and
 * paragraph separators, and marks that change the direction of writing.
 */
const UNSAFE =
  /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/**
 * Formats a log record as one line. No character of a field ends the line or begins another.
 *
 * @param record the record from LogTape. Its message is trusted, its properties are not.
 * @param format the line's format.
 * @returns the line, with a line feed at its end.
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
    UNSAFE,
    (character) =>
      `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
