const encoder = new TextEncoder();

/** Writes to the standard output, all of it. @throws when it cannot, as on a full disk. */
export function writeOut(text: string): void {
  const bytes = encoder.encode(text);
  for (let at = 0; at < bytes.length;) {
    at += Deno.stdout.writeSync(bytes.subarray(at));
  }
}
