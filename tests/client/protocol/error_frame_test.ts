import { assertEquals } from "@std/assert";
import { readError } from "../../../client/protocol/error_frame.ts";

function issuesOf(issues: unknown) {
  return readError({
    type: "error",
    code: "invalid",
    message: "no",
    issues: issues as unknown[],
  }).issues;
}

Deno.test("reads the code, the message and the issues of an error", () => {
  const issues = [{ message: "a" }, { message: "b", path: ["list", 0] }];
  const error = readError({
    type: "error",
    id: 1,
    code: "invalid",
    message: "Not a valid 'chat'",
    issues,
  });
  assertEquals([error.code, error.message, error.issues], [
    "invalid",
    "Not a valid 'chat'",
    issues,
  ]);
});

Deno.test("an error without issues has none", () => {
  for (const issues of [undefined, null, 1, "text", {}, true]) {
    assertEquals(issuesOf(issues), undefined);
  }
});

Deno.test("omits issues of a hostile server that are not issues, and paths that are not paths", () => {
  assertEquals(
    issuesOf([
      null,
      1,
      "text",
      {},
      { message: 1 },
      { message: "a", path: "x" },
      { message: "b", path: [{}] },
      { message: "c", extra: 1, path: [] },
    ]),
    [{ message: "a" }, { message: "b" }, { message: "c", path: [] }],
  );
});
