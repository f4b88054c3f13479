/**
 * Processes of the browsers: start, wait for a line of output, end.
 * @module
 */

/** A child process whose output is read line by line. */
export interface BrowserProcess {
  /** Calls a function with each line of the output from now on. */
  onLine(listener: (line: string) => void): void;
  /**
   * Waits for output.
   *
   * @param pattern a pattern with one group.
   * @returns the text of the group.
   * @throws {Error} when the process ends first; its message has the output.
   */
  found(pattern: RegExp): Promise<string>;
  /** Ends the process. */
  end(): Promise<void>;
}

/**
 * Starts a program.
 *
 * @param program the path or name of the program.
 * @param args its arguments.
 * @param env variables to add to the environment.
 */
export function startProcess(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): BrowserProcess {
  const child = new Deno.Command(program, {
    args: [...args],
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lines: string[] = [];
  const listeners = new Set<(line: string) => void>();
  const read = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      for (const line of parts) {
        // A browser prints much: the first lines have the address, the last ones the cause of an end.
        if (lines.length > 200) lines.splice(100, 1);
        lines.push(line);
        for (const listener of listeners) listener(line);
      }
    }
  };
  const output = Promise.all([read(child.stdout), read(child.stderr)]);
  return {
    onLine: (listener) => listeners.add(listener),
    found: (pattern) =>
      new Promise((resolve, reject) => {
        const check = (line: string): void => {
          const group = pattern.exec(line)?.[1];
          if (group !== undefined) {
            listeners.delete(check);
            resolve(group);
          }
        };
        lines.forEach(check);
        listeners.add(check);
        output.then(() =>
          reject(new Error(`${program} ended:\n${lines.join("\n")}`))
        );
      }),
    async end() {
      try {
        child.kill("SIGTERM");
      } catch {
        // The process has ended.
      }
      await child.status;
      await output;
    },
  };
}

/** Returns true if a file exists. */
export function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
