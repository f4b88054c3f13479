const encoder = new TextEncoder();

/**
 * Writes a text to the standard output, completely.
 *
 * @throws when it cannot be written, as on a full disk.
 */
export function writeOutput(text: string): void {
  const bytes = encoder.encode(text);
  for (let offset = 0; offset < bytes.length;) {
    offset += Deno.stdout.writeSync(bytes.subarray(offset));
  }
}

/** Prints a line. It ignores a failure: a full disk must not end the server. */
export function print(text: string): void {
  try {
    console.log(text);
  } catch {
    // See above.
  }
}

/** Prints a line to the standard error output. It ignores a failure: a full disk must not end the server. */
export function printError(text: string): void {
  try {
    console.error(text);
  } catch {
    // See above.
  }
}
