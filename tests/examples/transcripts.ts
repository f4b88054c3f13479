/**
 * Reads the transcripts of docs/protocol.md: fenced `text` blocks whose lines start with an arrow.
 *
 * @module
 */

/** One line of a transcript. */
export interface Line {
  /** The sender. */
  readonly from: "client" | "server";
  /** The data of the WebSocket message. */
  readonly data: string;
}

/** The frames of one connection: a block, and the following blocks without a hello. */
export interface Transcript {
  readonly dialect: "plain" | "drumbeat.v1";
  readonly lines: readonly Line[];
}

/** Returns the blocks of a Markdown text with the given language, without their fences. */
export function fences(markdown: string, language: string): string[] {
  const pattern = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm");
  return [...markdown.matchAll(pattern)].map(([, text = ""]) => text);
}

/** Returns the cells of each row of the table whose first header is `header`. */
export function table(markdown: string, header: string): string[][] {
  const lines = markdown.split("\n");
  const head = lines.findIndex((line) =>
    new RegExp(`^\\| ${header} +\\|`).test(line)
  );
  if (head < 0) throw new Error(`There is no table '${header}'`);
  const end = lines.findIndex((line, n) => n > head && !line.startsWith("|"));
  return lines.slice(head + 2, end < 0 ? undefined : end).map((line) =>
    line.split("|").slice(1, -1).map((cell) => cell.trim())
  );
}

/** Returns the transcripts of docs/protocol.md, one for each connection. */
export function transcripts(markdown: string): Transcript[] {
  const found: { dialect: Transcript["dialect"]; lines: Line[] }[] = [];
  for (const block of fences(markdown, "text")) {
    const lines = block.trimEnd().split("\n").map((line): Line => {
      const [, arrow, data = ""] = /^([→←]) (.+)$/.exec(line) ?? [];
      if (arrow === undefined) throw new Error(`No arrow: ${line}`);
      return { from: arrow === "→" ? "client" : "server", data };
    });
    const first = lines[0]!;
    if (first.from === "server") found.push({ dialect: "plain", lines });
    else if (first.data.startsWith('{"type":"hello"')) {
      found.push({ dialect: "drumbeat.v1", lines });
    } else found.at(-1)!.lines.push(...lines);
  }
  return found;
}
