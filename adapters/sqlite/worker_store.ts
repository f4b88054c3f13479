import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../hub/clock.ts";
import type {
  Entry,
  Store,
  StoredRecords,
  StoreSink,
} from "../../hub/log/store.ts";
import type { HostEvent, Port } from "../worker/messages.ts";
import { WorkerStore } from "../worker/worker_store.ts";
import { fileError, openFile, StoreFileError } from "./file.ts";
import { type SqliteOptions, sqliteSettings } from "./options.ts";

/**
 * A store of logs, sessions and outcomes in a SQLite file that this process has for itself. A worker writes the file, so
 * that the hub's event loop never waits for the disk: while one transaction is committed, the next one is gathered, and the
 * last one is delivered. Nothing is delivered or acknowledged before it is committed.
 *
 * The worker keeps the process alive until the store is closed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createHub } from "../../hub.ts";
 * import { SqliteWorkerStore } from "./worker_store.ts";
 *
 * const path = await Deno.makeTempFile();
 * await using hub = createHub({
 *   store: (clock, settings) => new SqliteWorkerStore(path, clock, settings),
 * });
 * assertEquals(await hub.broadcast({ type: "chat", text: "kept" }), 0);
 * ```
 */
export class SqliteWorkerStore implements Store {
  readonly #store: WorkerStore;

  /**
   * Opens the file, and creates it if it does not exist.
   *
   * @param path the file's path.
   * @param clock the hub's clock.
   * @param options see {@linkcode SqliteOptions}.
   * @throws {StoreFileError} when the file cannot be opened, is not a store of this version, or another process has it.
   * @throws {TypeError} for an unknown option or a wrong type, {@linkcode RangeError} for a number out of bounds.
   */
  constructor(path: string, clock: Clock, options: SqliteOptions = {}) {
    const { sessionMs } = sqliteSettings(options);
    // Errors of the file are thrown here. The file stays locked until the worker is about to open it.
    const file = openFile(path);
    try {
      checkPackageAccess(path);
    } catch (error) {
      file.close();
      throw error;
    }
    const port = new FilePort(file, { path, options }, (error) => {
      this.#store.end(fileError(path, error));
    });
    const host = { shared: false, reads: true, sessionMs };
    this.#store = new WorkerStore(port, clock, { host, sessionMs });
  }

  /** `false` when the worker has ended: every publish is answered with `unavailable` then. */
  get healthy(): boolean {
    return this.#store.healthy;
  }

  connect(sink: StoreSink): void {
    this.#store.connect(sink);
  }

  open(topic: string): void {
    this.#store.open(topic);
  }

  append(entries: readonly Entry[]): void {
    this.#store.append(entries);
  }

  read(topic: string, from: number, maxBytes: number): Promise<StoredRecords> {
    return this.#store.read!(topic, from, maxBytes);
  }

  has(topic: string): Promise<boolean> {
    return this.#store.has(topic);
  }

  forget(topic: string): void {
    this.#store.forget(topic);
  }

  begin(session: string): void {
    this.#store.begin(session);
  }

  claim(session: string): Promise<boolean> {
    return this.#store.claim(session);
  }

  detach(session: string): void {
    this.#store.detach(session);
  }

  /** Commits every write, closes the file and ends the worker. Idempotent. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#store[Symbol.asyncDispose]();
  }
}

/** The port to a new worker. Requests wait until the worker has opened the file. */
class FilePort implements Port {
  onmessage: Port["onmessage"] = null;
  readonly #worker: Worker;
  #file: DatabaseSync | undefined;
  /** The messages for a worker that is not loaded yet. */
  #waiting: unknown[] | undefined = [];

  /**
   * @param file the open file: it is closed when the worker has been loaded.
   * @param start the worker's first message.
   * @param failed called when the worker ends unexpectedly.
   */
  constructor(
    file: DatabaseSync,
    start: { readonly path: string; readonly options: SqliteOptions },
    failed: (error: unknown) => void,
  ) {
    this.#file = file;
    const url = new URL("./worker.ts", import.meta.url);
    const worker = this.#worker = new Worker(url, { type: "module" });
    worker.onmessage = () => {
      // The worker is loaded.
      worker.onmessage = (event: MessageEvent<readonly HostEvent[]>) =>
        this.onmessage?.(event);
      this.#closeFile();
      worker.postMessage(start);
      for (const message of this.#waiting ?? []) worker.postMessage(message);
      this.#waiting = undefined;
    };
    worker.onerror = (event) => {
      // Otherwise the error would end this isolate, too.
      event.preventDefault();
      failed(event.error ?? new Error(event.message));
    };
  }

  postMessage(message: unknown): void {
    if (this.#waiting === undefined) this.#worker.postMessage(message);
    else this.#waiting.push(message);
  }

  close(): void {
    this.#closeFile();
    this.#worker.terminate();
  }

  #closeFile(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}

/** Throws here: in the worker, Deno would print the error. */
function checkPackageAccess(path: string): void {
  const folder = new URL("../../", import.meta.url);
  if (folder.protocol !== "file:") return;
  const read = { name: "read", path: folder } as const;
  if (Deno.permissions.querySync(read).state === "granted") return;
  throw new StoreFileError(
    `Cannot open the store '${path}': its worker needs --allow-read=${folder.pathname}`,
  );
}
