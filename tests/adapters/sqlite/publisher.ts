import type { SqliteStoreOptions } from "../../../adapters/sqlite/store.ts";
import { TextLineStream } from "../../examples/text_lines.ts";
import { SESSION } from "./folder.ts";

/** A child process that has a store and publishes into it without a pause. */
export class Publisher implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;
  epoch = "";
  head = 0;
  /** The acknowledged offsets, by id. */
  readonly acked = new Map<number, number>();

  constructor(file: string, options: SqliteStoreOptions, firstId: number) {
    const at = (path: string) =>
      new URL(`../../../${path}`, import.meta.url).href;
    const { worker = false, ...settings } = options;
    const given = JSON.stringify([file, settings, SESSION, firstId]);
    const store = worker ? "SqliteWorkerStore" : "SqliteStore";
    const program = `
      import { ${store} } from "${at("adapters/sqlite/store.ts")}";
      import { WebClock } from "${at("adapters/clock_web.ts")}";
      import { LogRecord } from "${at("hub/log/record.ts")}";
      const [file, options, session, firstId] = ${given};
      const encoder = new TextEncoder();
      const print = (line) => Deno.stdout.writeSync(encoder.encode(line + "\\n"));
      const store = new ${store}(file, new WebClock(), options);
      let id = firstId;
      store.connect({
        opened: (_, { epoch, head }) => print(epoch + " " + head),
        committed() {},
        trimmed() {},
        settled: (entry, outcome) => print(entry.id + " " + outcome.offset),
        claimed() {},
        failed(error) { throw error; },
      });
      store.open("room");
      if (!await store.claim(session)) store.begin(session);
      const publish = () => {
        const entries = Array.from({ length: 5 }, () => ({
          topic: "room", session, id,
          record: new LogRecord("peer-a", 1, 0, "publish " + id++),
        }));
        store.append(entries);
        setTimeout(publish);
      };
      publish();
      const stdin = Deno.stdin.readable.getReader();
      await stdin.read();
      await store[Symbol.asyncDispose]();
      Deno.exit(0);
    `;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["eval", "--quiet", program],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream())[Symbol.asyncIterator]();
  }

  /** Resolves when this many publishes were acknowledged. */
  async until(count: number): Promise<void> {
    if (this.epoch === "") {
      const { value = "" } = await this.#lines.next();
      const [epoch = "", head] = value.split(" ");
      [this.epoch, this.head] = [epoch, Number(head)];
    }
    while (this.acked.size < count) {
      if (!await this.#readLine()) throw new Error("The publisher has ended");
    }
  }

  async #readLine(): Promise<boolean> {
    const { value, done } = await this.#lines.next();
    if (done) return false;
    const line = /^(\d+) (\d+)$/.exec(value);
    // The kill may have truncated the last line.
    if (line !== null) this.acked.set(Number(line[1]), Number(line[2]));
    return true;
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#end();
  }

  /** Ends the process cleanly. */
  async stop(): Promise<void> {
    const writer = this.#child.stdin.getWriter();
    await writer.write(new Uint8Array([10]));
    writer.releaseLock();
    await this.#end();
  }

  async #end(): Promise<void> {
    while (await this.#readLine());
    await this.#child.status;
    try {
      await this.#child.stdin.close();
    } catch {
      // The process has ended.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
      await this.#end();
    } catch {
      // The process has ended.
    }
  }
}
