import { assertEquals } from "@std/assert";
import { check, filesOf, folderOf, show } from "./language.ts";
import { ALLOWED } from "./language_allowed.ts";
import { findingsIn } from "./language_rules.ts";

/** The findings of one text, as `line: word`. */
function found(path: string, text: string): string[] {
  return findingsIn(path, text).map(({ line, word }) => `${line}: ${word}`);
}

Deno.test("comments, strings, test names and documents use plain language", async () => {
  const { findings } = await check(await filesOf([]));
  assertEquals(
    findings.map(show),
    [],
    `deno run -A tests/project/language.ts lists these places:`,
  );
});

Deno.test("every entry of the allow-list has a reason and matches a place", async () => {
  const { used } = await check(await filesOf([]));
  for (const [index, { path, text, reason }] of ALLOWED.entries()) {
    assertEquals(used.has(index), true, `${path}: '${text}' matches nothing`);
    assertEquals(reason.length > 10, true, `${path}: '${text}'`);
  }
});

Deno.test("finds a word in a comment, a string, a template and a docstring, with its line", () => {
  const source = `// Nobody reads this.
const a = "the peer was told";
const b = \`a \${x ? "b" : \`the hub says \${y}\`} that goes on\`;
/**
 * Closes the peer.
 *
 * @returns the one that
 * dies
 */
/* whoever */ const c = 1 / 2; // gone / gone
`;
  assertEquals(found("a.ts", source).toSorted(), [
    "10: gone",
    "10: gone",
    "10: whoever",
    "1: Nobody",
    "2: told",
    "3: goes on",
    "3: says",
    "8: dies",
  ]);
});

Deno.test("passes over code, values, regular expressions and code spans", () => {
  const source = `
import { leave } from "./who/says.ts";
const frame = { type: "leave", told: 1 };
const pattern = /who says "nobody"/;
const half = total / 2 / said; // A number.
// The hub answers \`leave\` with an ack.
/** Encodes {@linkcode Who} as one frame. */
`;
  assertEquals(found("a.ts", source), ["3: told"]);
});

Deno.test("finds words across a line break", () => {
  assertEquals(found("a.ts", "// The session goes\n// on elsewhere."), [
    "1: goes on",
  ]);
  assertEquals(found("a.md", "A frame that is\nno object.\n"), ["1: is no"]);
});

Deno.test("rejects a docstring that starts with a question word", () => {
  assertEquals(
    found("a.ts", "/** Whether it is open. */\n/** Those of it. */"),
    ["1: Whether", "2: Those"],
  );
  assertEquals(found("a.ts", "/** True while it is open. */"), []);
});

Deno.test("rejects a test name that starts with a question word", () => {
  const source = `
Deno.test("what is sent arrives", () => {});
redisTest(\`how \${n} records arrive\`, () => {});
Deno.test("sends what was published", () => {});
`;
  assertEquals(found("a.ts", source), ["2: what", "3: how"]);
});

Deno.test("rejects names that contain a banned word", () => {
  const source = "const crewSize = 1; hub.hasRoomFor(); class Zombie {}";
  assertEquals(found("farewell.ts", source), [
    "1: farewell.ts",
    "1: crewSize",
    "1: hasRoomFor",
    "1: Zombie",
  ]);
  assertEquals(found("drain.ts", "const hasCapacityFor = told_y;"), [
    "1: told_y",
  ]);
});

Deno.test("rejects other verbs for the end of things, and accepts the words of presence", () => {
  assertEquals(
    found("a.md", "The peer left, its link is cut, and its socket was lost.")
      .toSorted(),
    ["1: cut", "1: left", "1: socket was lost"],
  );
  const right =
    "A member leaves the topic. Left unchanged, no message is lost.";
  assertEquals(found("a.md", right), []);
});

Deno.test("rejects negated nouns, and accepts 'there is no' and comparisons", () => {
  const text = `A text that is no frame. There is no frame. It is no larger.
It is none.
`;
  assertEquals(found("a.md", text), ["1: is no", "2: is none"]);
});

Deno.test("reads the prose and the scripts of Markdown, and no other code", () => {
  const text = `The hub closes it.

\`\`\`ts
// Nobody reads this.
\`\`\`

\`\`\`sh
echo who
\`\`\`

\`told\` and [text](who/told.md)
`;
  assertEquals(found("a.md", text), ["4: Nobody"]);
});

Deno.test("reads descriptions of JSON, texts of HTML, and comments of CSS and shell scripts", () => {
  assertEquals(found("a.json", '{"description": "Who"}'), ["1: Who"]);
  assertEquals(
    found("a.html", '<p title="Nobody">who</p>\n<!-- told -->').toSorted(),
    ["1: Nobody", "1: who", "2: told"],
  );
  assertEquals(found("a.css", "a { left: 0 } /* gone */"), ["1: gone"]);
  assertEquals(found("run", "echo who # told\n"), ["1: told"]);
});

Deno.test("counts findings per folder", () => {
  assertEquals(
    ["a.md", "hub/log/log.ts", "tests/hub/a.ts", "tests/a.ts"].map(folderOf),
    ["a.md", "hub/", "tests/hub/", "tests/"],
  );
});
