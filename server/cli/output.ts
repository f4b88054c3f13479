/** Prints a line. It ignores a failure: a full disk must not end the server. */
export function print(text: string): void {
  try {
    console.log(text);
  } catch {
    // See above.
  }
}

/** Prints a line to the standard error output before the process ends. It ignores a failure, as of a full disk. */
export function printError(text: string): void {
  try {
    console.error(text);
  } catch {
    // See above.
  }
}

/** An output of the process: `Deno.stdout` and `Deno.stderr` are ones. */
export interface Output {
  /** Writes a part of the bytes and resolves to its length. */
  write(bytes: Uint8Array): Promise<number>;
}

/** Options of {@linkcode LineWriter}. */
export interface LineWriterOptions {
  /** Called with the number of lines that were dropped, once the output accepts bytes again. */
  readonly dropped: (lines: number) => void;
  /** Maximum bytes that wait. Default: 1 MiB. */
  readonly maxBytes?: number;
}

/**
 * Writes lines without blocking the event loop. A paused terminal, or a full pipe, would stop every peer with a synchronous
 * write. Lines wait in a bounded queue; those above the bound are dropped and counted.
 */
export class LineWriter {
  readonly #output: Output;
  readonly #dropped: (lines: number) => void;
  readonly #maxBytes: number;
  readonly #encoder = new TextEncoder();
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #omitted = 0;
  /** Resolves when the queue is empty; `undefined` while it is. */
  #writing: Promise<void> | undefined;

  /** Writes to an output. Nothing is written before the first line. */
  constructor(
    output: Output,
    { dropped, maxBytes = 2 ** 20 }: LineWriterOptions,
  ) {
    this.#output = output;
    this.#dropped = dropped;
    this.#maxBytes = maxBytes;
  }

  /** Queues a line, with its line end. */
  write(line: string): void {
    const bytes = this.#encoder.encode(line);
    if (this.#queuedBytes + bytes.length > this.#maxBytes) {
      this.#omitted++;
      return;
    }
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    this.#writing ??= this.#run();
  }

  /** Resolves when every line is written, or after a time. */
  async flush(ms: number): Promise<void> {
    if (this.#writing === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    await Promise.race([this.#writing, promise]);
    clearTimeout(timer);
  }

  async #run(): Promise<void> {
    for (;;) {
      const bytes = this.#queue.shift();
      if (bytes === undefined) break;
      await this.#writeAll(bytes);
      this.#queuedBytes -= bytes.length;
      const omitted = this.#omitted;
      if (omitted === 0 || this.#queue.length > 0) continue;
      this.#omitted = 0;
      this.#dropped(omitted);
    }
    this.#writing = undefined;
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    try {
      for (let offset = 0; offset < bytes.length;) {
        offset += await this.#output.write(bytes.subarray(offset));
      }
    } catch {
      // The output failed, as it does on a full disk: there is no other place to report it.
    }
  }
}
