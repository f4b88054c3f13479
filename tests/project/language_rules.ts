/**
 * The rules of plain language: words that comments, strings, test names and documents do not use.
 *
 * @module
 */
import { type PieceKind, piecesOf } from "./source_text.ts";

/** One rule. */
export interface Rule {
  /** Matches the words that the rule rejects. */
  readonly words: RegExp;
  /** The sentence that a finding prints. */
  readonly rule: string;
  /** The pieces that the rule applies to. Default: everything but identifiers and file names. */
  readonly kinds?: readonly PieceKind[];
  /** Matches the words around a right use. */
  readonly except?: RegExp;
}

/** One place that breaks a rule. */
export interface Finding {
  /** The file's path, from the repository's folder. */
  readonly path: string;
  /** The line of the word, counted from 1. */
  readonly line: number;
  /** The word that was found. */
  readonly word: string;
  /** The rule that it breaks. */
  readonly rule: string;
  /** The source line of the word. */
  readonly context: string;
}

const NAMES: readonly PieceKind[] = ["identifier", "file name"];

const END =
  "the end of things has six verbs: close, closed, disconnect, detach, dispose, forget";
const MACHINE = "no people words for machines: name the peer, client or hub";

/** Every rule, checked in this order. */
export const RULES: readonly Rule[] = [
  {
    words:
      /\b(?:somebody|someone|nobody|no one|anybody|anyone|everybody|everyone|whoever|whomever|who|whom)\b/i,
    rule: MACHINE,
  },
  {
    words: /\b(?:tell|tells|telling|told)\b/i,
    rule: "programs do not tell: sends, reports, names, receives",
  },
  {
    words: /\b(?:say|says|said|saying)\b/i,
    rule: "programs do not say: states, names, requires, sends",
  },
  {
    words: /\b(?:know|knows|knew|knowing)\b/i,
    rule: "programs do not know: has, contains, recognises, can determine",
  },
  {
    words: /\b(?:want|wants|wanting)\b/i,
    rule: "programs do not want: needs, requests, expects",
  },
  {
    words:
      /\b(?:take|takes|taken|took|taking)\s+(?:(?:it|them|this|that|more|nothing|anything|everything|messages|frames|records)\s+)?in\b/i,
    rule: "peers do not take in: reads, receives, accepts",
  },
  {
    words: /\b(?:die|dies|died|dying)\b/i,
    rule: "machines do not die: closes, ends, expires, times out",
  },
  {
    words:
      /\b(?:go|goes|going|went|gone)\s+(?:on|away|by|back|out|down|off|along|no|wrong)\b/i,
    rule: "say what happens: continues, closes, returns, fails",
  },
  {
    words: /\b(?:goodbye|farewell|crew|patience|zombies?|roster|rung)\b/i,
    rule: "use the field's term",
  },
  {
    words: /\b(?:hear|hears|heard|hearing|deaf|speak|speaks|spoke|greets?)\b/i,
    rule: "machines do not hear or speak: receives, sends",
  },
  {
    words: /\bnewcomers?\b/i,
    rule: "name the thing: a new connection, a new peer",
  },
  {
    words:
      /(?<!\bthere\s)\b(?:is|are|was|were)\s+(?:none|(?:no(?! (?:longer|later|earlier|larger|smaller|higher|lower|faster|slower|older|newer|more than|less than|fewer|better|worse)\b))|nobody)\b/i,
    rule: "no negated nouns: say what it is",
  },
  { words: /\bgone\b/i, rule: END },
  { words: /\b(?:cut|cuts|cutting)\b/i, rule: END },
  { words: /\b(?:depart|departs|departed|departing|departure)\b/i, rule: END },
  { words: /\b(?:parts from|parted|parting)\b/i, rule: END },
  { words: /\bshuts?\b(?![- ]?down)/i, rule: END },
  {
    words: /\b(?:leave|leaves|leaving|left)\b/i,
    rule: END,
    // The field's words of presence, a direction, and what stays unchanged.
    except:
      /\b(?:join|joins|joined|joining|member|members|presence|onPresence|right|margin|padding|unchanged|as (?:it|they) (?:is|was|are|were))\b/i,
  },
  {
    words:
      /\b(?:lose|loses|losing)\s+(?:\w+\s+){0,2}(?:connections?|peers?|sockets?|links?)\b|\b(?:connections?|peers?|sockets?|links?)\s+(?:\w+\s+){0,2}lost\b/i,
    rule: END,
  },
  {
    words: /^\s*(?:What|Whether|Who|How|Those)\b/,
    rule:
      "a docstring starts with a noun phrase (a type) or a third-person verb (a function)",
    kinds: ["docstring"],
  },
  {
    words: /^\s*(?:what|whether|who|how|those|whoever|one that|one who)\b/i,
    rule: "a test name states a behaviour",
    kinds: ["test name"],
  },
];

/** The words that no identifier and no file name contains. */
const BANNED_NAMES = new Set(
  `farewell goodbye letter crew crewman patience told tells says knows wants asked seat zombie zombies roster
  switchboard rung arrival newcomer nobody somebody whoever who died dies gone parted parting departed places`
    .split(/\s+/),
);
const BANNED_PAIRS = /(?:own_log|turn_away|has_room|has_left|asked_for)/;

/** Returns the words of a name: `hasRoomFor` is `has_room_for`. */
function snakeCase(name: string): string {
  return name.replaceAll(/([a-z\d])([A-Z])/g, "$1_$2").toLowerCase();
}

function bannedName(name: string): string | undefined {
  const snake = snakeCase(name);
  return snake.split(/[^a-z]+/).find((word) => BANNED_NAMES.has(word)) ??
    BANNED_PAIRS.exec(snake)?.[0];
}

/** Returns the words around a place of a text. */
function around(text: string, index: number): string {
  return text.slice(Math.max(0, index - 150), index + 80);
}

/**
 * Finds every word of a file that breaks a rule.
 *
 * @param path the file's path, whose ending selects the language.
 * @param source the file's text.
 * @returns the findings. A name is reported once for each file.
 */
export function findingsIn(path: string, source: string): Finding[] {
  const lines = source.split("\n");
  const findings: Finding[] = [];
  const names = new Set<string>();
  const add = (line: number, word: string, rule: string) =>
    findings.push({
      path,
      line,
      word,
      rule,
      context: (lines[line - 1] ?? "").trim(),
    });
  for (const { kind, text, line } of piecesOf(path, source)) {
    if (NAMES.includes(kind)) {
      const word = bannedName(text);
      if (word !== undefined && !names.has(text)) {
        names.add(text);
        add(line, text, `no ${kind} contains '${word}': use the field's term`);
      }
      continue;
    }
    for (const { words, rule, kinds, except } of RULES) {
      if (kinds !== undefined && !kinds.includes(kind)) continue;
      for (const match of text.matchAll(new RegExp(words, `g${words.flags}`))) {
        if (except?.test(around(text, match.index))) continue;
        const start = match.index + /^\s*/.exec(match[0])![0].length;
        const before = text.slice(0, start).split("\n").length - 1;
        add(line + before, match[0].trim().replaceAll(/\s+/g, " "), rule);
      }
    }
  }
  return findings;
}
