/**
 * Runs a program as a reader would: as a separate process, with the permissions that its text lists.
 *
 * @module
 */
import { TextLineStream } from "./text_lines.ts";

const root = new URL("../../", import.meta.url);

/** Options of {@linkcode start}. */
export interface StartOptions {
  /** Flags of `deno run`. Default: `--allow-net`. */
  readonly flags?: readonly string[];
  /** The arguments of the program. */
  readonly args?: readonly string[];
  /** The folder to run it in. Default: the repository. */
  readonly cwd?: string;
  /** More environment variables. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A program that runs. It is killed when it is disposed. */
export interface Program extends AsyncDisposable {
  /** Reads its output up to the first line that matches, and returns the match. */
  line(pattern: RegExp): Promise<RegExpExecArray>;
  /** Sends it a signal, and returns its exit code. */
  end(signal?: Deno.Signal): Promise<number>;
  /** Waits until it ends by itself; returns its exit code. */
  readonly ended: Promise<number>;
}

/** Starts a program: a path in the repository, or an absolute one. */
export function start(path: string, options: StartOptions = {}): Program {
  const { flags = ["--allow-net"], args = [], cwd, env } = options;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, path, ...args],
    cwd: cwd ?? root,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream())[Symbol.asyncIterator]();
  const errors = new Response(child.stderr).text();
  const seen: string[] = [];
  const ended = child.status.then(({ code }) => code);
  return {
    ended,
    async line(pattern) {
      while (true) {
        const { value, done } = await lines.next();
        if (done) {
          throw new Error(
            `Cannot find a line that matches ${pattern} in:\n${
              seen.join("\n")
            }\n${await errors}`,
          );
        }
        seen.push(value);
        const match = pattern.exec(value);
        if (match !== null) return match;
      }
    },
    end(signal = "SIGTERM") {
      child.kill(signal);
      return ended;
    },
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await ended;
      await lines.return?.();
      await errors;
    },
  };
}
