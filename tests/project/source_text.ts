/**
 * Splits a file into the pieces that people read: comments, strings, identifiers and prose.
 *
 * @module
 */

/** The origin of a {@linkcode Piece}. */
export type PieceKind =
  | "comment"
  | "docstring"
  | "string"
  | "test name"
  | "identifier"
  | "prose"
  | "file name";

/** One piece of text that people read. */
export interface Piece {
  /** The origin of the text. */
  readonly kind: PieceKind;
  /** The text, with code spans blanked and line breaks kept. */
  readonly text: string;
  /** The line of its first character, counted from 1. */
  readonly line: number;
}

/** Keywords after which `/` starts a regular expression. */
const BEFORE_EXPRESSION = new Set(
  "return typeof case in of await yield new delete void throw else do instanceof"
    .split(" "),
);
const TEST_FUNCTION = /(?:^|[a-z])test$|^step$/i;

/** Replaces every character except line breaks with a space. */
function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, " ");
}

/** Blanks code spans, links' targets and tags. Line numbers stay as they are. */
function withoutCode(text: string): string {
  return text
    .replaceAll(/\{@\w+\s[^}]*\}/g, blank)
    .replaceAll(/``[^`]*``|`[^`]*`/g, (code) => `\`${blank(code).slice(2)}\``)
    .replaceAll(/\]\([^)]*\)/g, (target) => `]${blank(target.slice(1))}`)
    .replaceAll(/<[a-z/][^>]*>/gi, blank)
    .replaceAll(/https?:\/\/\S+/g, blank);
}

function lineAt(text: string, index: number): number {
  let line = 1;
  for (let i = 0; i < index; i++) if (text[i] === "\n") line++;
  return line;
}

/** Splits Markdown into its prose and the comments and strings of its TypeScript and JavaScript. */
export function markdownPieces(
  markdown: string,
  kind: PieceKind = "prose",
  firstLine = 1,
): Piece[] {
  const pieces: Piece[] = [];
  const prose = markdown.replaceAll(
    /^([ \t]*)(```+|~~~+)([^\n]*)\n([\s\S]*?)^\1\2[ \t]*$/gm,
    (fence, _, __, language: string, code: string, index: number) => {
      if (/^(ts|js|typescript|javascript)\b/.test(language)) {
        const line = firstLine + lineAt(markdown, index);
        for (const piece of scriptPieces(code)) {
          pieces.push({ ...piece, line: piece.line + line - 1 });
        }
      }
      return blank(fence);
    },
  );
  pieces.push({ kind, text: withoutCode(prose), line: firstLine });
  return pieces;
}

/** Splits TypeScript, JavaScript or C into comments, strings and identifiers. */
export function scriptPieces(source: string): Piece[] {
  const pieces: Piece[] = [];
  /** The last tokens, the newest one last: `Deno`, `.`, `test`, `(`. */
  const before: string[] = [];
  let line = 1;
  let i = 0;

  const token = (text: string) => {
    before.push(text);
    if (before.length > 3) before.shift();
  };
  const isTestName = () =>
    before.at(-1) === "(" && TEST_FUNCTION.test(before.at(-2) ?? "");
  const startsExpression = () => {
    const last = before.at(-1);
    return last === undefined || BEFORE_EXPRESSION.has(last) ||
      !/^[\w$)\]}"]/.test(last);
  };
  /** Moves to `end` and counts the lines on the way. */
  const advance = (end: number): string => {
    const text = source.slice(i, end);
    for (const character of text) if (character === "\n") line++;
    i = end;
    return text;
  };
  const endOf = (pattern: RegExp, from: number): number => {
    pattern.lastIndex = from;
    const match = pattern.exec(source);
    return match === null ? source.length : match.index + match[0].length;
  };
  const string = (text: string, kind: PieceKind, start: number) => {
    // Text without a space is a value of the program, such as a frame's type or a module's address.
    const isProse = /\s/.test(text.trim()) || /^[A-Z][a-z]+$/.test(text);
    if (isProse || kind === "test name") {
      pieces.push({ kind, text, line: start });
    }
  };

  const template = (): void => {
    const start = line;
    const kind = isTestName() ? "test name" : "string";
    let text = "";
    i++;
    while (i < source.length && source[i] !== "`") {
      if (source[i] === "\\") text += advance(i + 2);
      else if (source.startsWith("${", i)) {
        i += 2;
        text += "…";
        token("(");
        code(true);
      } else text += advance(i + 1);
    }
    i++;
    token('"');
    string(text, kind, start);
  };

  /** Reads code up to the end of the source, or up to the brace that ends a template's expression. */
  const code = (inTemplate: boolean): void => {
    let depth = 0;
    while (i < source.length) {
      const character = source[i]!;
      if (source.startsWith("//", i)) {
        const start = line;
        const text = advance(
          endOf(/(?:\/\/[^\n]*\n[ \t]*)*\/\/[^\n]*/g, i),
        );
        const prose = text.replaceAll(/^[ \t]*\/\/+/gm, "");
        pieces.push({
          kind: "comment",
          text: withoutCode(prose),
          line: start,
        });
      } else if (source.startsWith("/*", i)) {
        const start = line;
        const text = advance(endOf(/\*\//g, i + 2));
        const body = text.slice(0, -2).replace(/^\/\*+/, "")
          .replaceAll(/^[ \t]*\*+ ?/gm, "");
        if (text.startsWith("/**")) {
          pieces.push(...markdownPieces(body, "docstring", start));
        } else {
          pieces.push({
            kind: "comment",
            text: withoutCode(body),
            line: start,
          });
        }
      } else if (character === '"' || character === "'") {
        const start = line;
        const kind = isTestName() ? "test name" : "string";
        const pattern = character === '"'
          ? /"(?:\\[\s\S]|[^"\\\n])*"?/g
          : /'(?:\\[\s\S]|[^'\\\n])*'?/g;
        const text = advance(endOf(pattern, i)).slice(1, -1);
        token('"');
        string(text, kind, start);
      } else if (character === "`") template();
      else if (character === "/" && startsExpression()) {
        advance(
          endOf(/\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+\/?[a-z]*/g, i),
        );
        token('"');
      } else if (/[A-Za-z_$]/.test(character)) {
        const start = line;
        const text = advance(endOf(/[\w$]+/g, i));
        token(text);
        pieces.push({ kind: "identifier", text, line: start });
      } else {
        if (character === "{") depth++;
        if (character === "}") {
          if (inTemplate && depth === 0) {
            i++;
            return;
          }
          depth--;
        }
        if (/\S/.test(character)) token(character);
        advance(i + 1);
      }
    }
  };
  code(false);
  return pieces;
}

/** Splits a page into its texts, its comments and its text attributes. */
function htmlPieces(html: string): Piece[] {
  const pieces: Piece[] = [];
  const add = (text: string, index: number, kind: PieceKind) =>
    pieces.push({ kind, text, line: lineAt(html, index) });
  const text = html.replaceAll(/<!--([\s\S]*?)-->/g, (comment, body, index) => {
    add(body, index, "comment");
    return blank(comment);
  });
  const attributes =
    /\b(?:aria-label|title|placeholder|alt|content)="([^"]*)"/g;
  for (const { 1: value = "", index } of text.matchAll(attributes)) {
    add(value, index, "string");
  }
  add(
    text.replaceAll(/<(script|code|kbd)\b[\s\S]*?<\/\1>|<[^>]*>/g, blank),
    0,
    "prose",
  );
  return pieces;
}

/** Splits files whose comments start with `#`. */
function hashPieces(text: string): Piece[] {
  const comments = text.replaceAll(
    /^.*$/gm,
    (line) => /(?:^|\s)#(?!!)(.*)$/.exec(line)?.[1] ?? "",
  );
  return [{ kind: "comment", text: withoutCode(comments), line: 1 }];
}

function jsonPieces(json: string): Piece[] {
  const descriptions = /"description": "((?:\\.|[^"\\])*)"/g;
  return [...json.matchAll(descriptions)].map(({ 1: text = "", index }) => ({
    kind: "string",
    text,
    line: lineAt(json, index),
  }));
}

/**
 * Splits one file into the pieces that people read.
 *
 * @param path the file's path, whose ending selects the language.
 * @param text the file's text.
 * @returns the pieces, with the file's name as the first one.
 */
export function piecesOf(path: string, text: string): Piece[] {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const pieces: Piece[] = [{ kind: "file name", text: name, line: 1 }];
  const ending = /\.(\w+)$/.exec(name)?.[1] ?? "";
  if (/^(?:ts|js|mjs|c|h)$/.test(ending)) pieces.push(...scriptPieces(text));
  else if (ending === "md") pieces.push(...markdownPieces(text));
  else if (ending === "html") pieces.push(...htmlPieces(text));
  else if (ending === "json") pieces.push(...jsonPieces(text));
  else if (ending === "css") {
    pieces.push(
      ...scriptPieces(text).filter(({ kind }) =>
        kind === "comment" || kind === "docstring"
      ),
    );
  } else pieces.push(...hashPieces(text));
  return pieces;
}
