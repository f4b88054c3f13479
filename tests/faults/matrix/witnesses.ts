/** How delivery was for a while. */
export interface Lap {
  readonly deliveries: number;
  readonly p99Ms: number;
}

/** What came of it all. */
export interface Verdict {
  readonly published: number;
  readonly delivered: number;
  /** Gaps that were told. */
  readonly gaps: number;
  readonly reconnects: number;
  /** Publishes that were refused. */
  readonly refusals: number;
  /** What the ledger says is wrong. */
  readonly violations: readonly string[];
}

/** Six peers that talk to each other while a server is under attack, and write down all that they hear. */
export class Bystanders {
  readonly #worker: Worker;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  /** Starts them. @returns when all of them are in their topic. */
  static async at(port: number): Promise<Bystanders> {
    const worker = new Worker(
      new URL("./witnesses_worker.ts", import.meta.url),
      { type: "module" },
    );
    const bystanders = new Bystanders(worker);
    await bystanders.#ask({ port });
    return bystanders;
  }

  /** How delivery was since the last time. */
  lap(): Promise<Lap> {
    return this.#ask("lap") as Promise<Lap>;
  }

  /** Lets them come to an end, and ends their thread. */
  async end(): Promise<Verdict> {
    const verdict = await this.#ask("end") as Verdict;
    this.#worker.terminate();
    return verdict;
  }

  /** Ends their thread, whatever they wait for. */
  abandon(): void {
    this.#worker.terminate();
  }

  #ask(what: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#worker.onmessage = ({ data }) => resolve(data);
      this.#worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
      this.#worker.postMessage(what);
    });
  }
}
