import { DrumbeatError, type ErrorFrame, type Issue } from "../../messages.ts";

/**
 * Reads an error of the server.
 *
 * @param frame the frame; its issues are any value, as the server may be hostile. Entries that are not issues are ignored.
 * @returns the error to give to the program.
 */
export function readError(
  { code, message, issues }: ErrorFrame,
): DrumbeatError {
  return new DrumbeatError(
    code,
    message,
    Array.isArray(issues) ? { issues: issues.flatMap(readIssue) } : {},
  );
}

function readIssue(value: unknown): Issue[] {
  if (typeof value !== "object" || value === null) return [];
  const { message, path }: { message?: unknown; path?: unknown } = value;
  if (typeof message !== "string") return [];
  return [isPath(path) ? { message, path } : { message }];
}

function isPath(path: unknown): path is (string | number)[] {
  return Array.isArray(path) &&
    path.every((key) => typeof key === "string" || typeof key === "number");
}
