/** The deliveries of a period. */
export interface DeliverySample {
  readonly deliveries: number;
  readonly p99Ms: number;
}

/** The result of the witness clients. */
export interface WitnessResult {
  readonly published: number;
  readonly delivered: number;
  readonly gaps: number;
  readonly reconnects: number;
  /** The number of publishes that were refused or are indeterminate. */
  readonly refusals: number;
  /** The violations that the checker found in the ledger. */
  readonly violations: readonly string[];
}

/** Six well-behaved clients in a worker. They publish and subscribe during an attack and record everything in a ledger. */
export class Witnesses {
  readonly #worker: Worker;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  /** Starts the clients. @returns when all of them are subscribed. */
  static async start(port: number): Promise<Witnesses> {
    const worker = new Worker(
      new URL("./witnesses_worker.ts", import.meta.url),
      { type: "module" },
    );
    const witnesses = new Witnesses(worker);
    await witnesses.#request({ port });
    return witnesses;
  }

  /** Returns the deliveries since the last call. */
  sample(): Promise<DeliverySample> {
    return this.#request("sample") as Promise<DeliverySample>;
  }

  /** Stops publishing, waits for the last deliveries, checks the ledger and ends the worker. */
  async finish(): Promise<WitnessResult> {
    const result = await this.#request("finish") as WitnessResult;
    this.#worker.terminate();
    return result;
  }

  /** Ends the worker at once. */
  terminate(): void {
    this.#worker.terminate();
  }

  #request(message: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#worker.onmessage = ({ data }) => resolve(data);
      this.#worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
      this.#worker.postMessage(message);
    });
  }
}
