import { assertEquals } from "@std/assert";
import { LineWriter, type Output } from "../../../server/cli/output.ts";

/** An output that accepts bytes when the test lets it. */
class BlockedOutput implements Output {
  written = "";
  #open = Promise.withResolvers<void>();

  release(): void {
    this.#open.resolve();
  }

  async write(bytes: Uint8Array): Promise<number> {
    await this.#open.promise;
    // A part at a time, as a pipe may accept it.
    const part = bytes.subarray(0, 3);
    this.written += new TextDecoder().decode(part);
    return part.length;
  }
}

Deno.test("LineWriter keeps the order, and returns at once while the output is blocked", async () => {
  const output = new BlockedOutput();
  const lines = new LineWriter(output, { dropped() {} });
  lines.write("first\n");
  lines.write("second\n");
  assertEquals(output.written, "");
  output.release();
  await lines.flush(60_000);
  assertEquals(output.written, "first\nsecond\n");
});

Deno.test("LineWriter drops the lines above its bound, and counts them when the output accepts bytes again", async () => {
  const output = new BlockedOutput();
  const lines: LineWriter = new LineWriter(output, {
    maxBytes: 10,
    dropped: (count) => lines.write(`${count} dropped\n`),
  });
  for (const line of ["aaaa\n", "bbbb\n", "cccc\n", "dddd\n"]) {
    lines.write(line);
  }
  output.release();
  await lines.flush(60_000);
  assertEquals(output.written, "aaaa\nbbbb\n2 dropped\n");
  lines.write("eeee\n");
  await lines.flush(60_000);
  assertEquals(output.written, "aaaa\nbbbb\n2 dropped\neeee\n");
});

Deno.test("LineWriter continues after an output that fails", async () => {
  let fails = true;
  let written = "";
  const lines = new LineWriter({
    write(bytes) {
      if (fails) return Promise.reject(new Error("Disk full"));
      written += new TextDecoder().decode(bytes);
      return Promise.resolve(bytes.length);
    },
  }, { dropped() {} });
  lines.write("lost\n");
  await lines.flush(60_000);
  fails = false;
  lines.write("kept\n");
  await lines.flush(60_000);
  assertEquals(written, "kept\n");
});

Deno.test("LineWriter flushes until its time is over", async () => {
  const output = new BlockedOutput();
  const lines = new LineWriter(output, { dropped() {} });
  lines.write("waits\n");
  await lines.flush(1);
  assertEquals(output.written, "");
  output.release();
  await lines.flush(60_000);
});
