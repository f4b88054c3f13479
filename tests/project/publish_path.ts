/**
 * Counts the files and functions of the product that one published message enters, by V8's precise coverage: a
 * drumbeat.v1 peer publishes to a topic with two subscribers, after a few messages took the same path.
 *
 * `deno run -A tests/project/publish_path.ts [--client] [--list] [FOLDER]`: with `--client` the publisher is a
 * `Client` of the same process; `--list` prints each function; the folder is another checkout. Default: this one.
 *
 * @module
 */
import { Session } from "node:inspector";

/** The places that count. */
const PRODUCT = /^(?:hub|adapters|messages|common|client)(?:\/|\.ts$)/;
/** Messages before the one that is measured. */
const WARM_UP = 5;

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly functionName: string;
      readonly ranges: readonly {
        readonly startOffset: number;
        readonly count: number;
      }[];
    }[];
  }[];
}

// deno-lint-ignore no-explicit-any -- modules of any checkout, which may differ from this one.
type Anything = any;

/** The path of one publish. */
export interface PublishPath {
  /** The files that it enters. */
  readonly files: readonly string[];
  /** The functions that it enters, as `file name`. */
  readonly functions: readonly string[];
}

/** An inspector session that counts the calls of each function since it was last asked. */
class Calls implements Disposable {
  readonly #session = new Session();

  constructor() {
    this.#session.connect();
    this.#session.post("Profiler.enable");
    this.#session.post("Profiler.startPreciseCoverage", {
      callCount: true,
      detailed: false,
    });
  }

  /** Returns the functions below a folder that were called since the last call. */
  take(folder: string): Promise<string[]> {
    const { promise, resolve, reject } = Promise.withResolvers<string[]>();
    this.#session.post(
      "Profiler.takePreciseCoverage",
      (error: Error | null, coverage: unknown) => {
        if (error !== null) return reject(error);
        const { result } = coverage as Coverage;
        resolve(result.flatMap(({ url, functions }) => {
          if (!url.startsWith(folder)) return [];
          const file = url.slice(folder.length);
          if (!PRODUCT.test(file)) return [];
          return functions.filter(({ ranges }) => (ranges[0]?.count ?? 0) > 0)
            .map(({ functionName, ranges }) =>
              `${file} ${functionName || "anonymous"}@${ranges[0]!.startOffset}`
            );
        }));
      },
    );
    return promise;
  }

  [Symbol.dispose](): void {
    this.#session.disconnect();
  }
}

/** A socket in memory: what the hub sends is received within the call. */
class MemorySocket {
  readonly bufferedAmount = 0;
  readonly open = true;
  received: (data: string) => void = () => {};
  closed: (code: number, reason: string) => void = () => {};

  send(data: string): void {
    this.received(data);
  }

  close(code: number, reason: string): void {
    this.closed(code, reason);
  }

  terminate(): boolean {
    return true;
  }
}

/** A WebSocket constructor whose sockets are attached to a hub of this process. */
function webSocketOf(hub: Anything): Anything {
  return class {
    readonly protocol = "drumbeat.v1";
    readonly extensions = "";
    readonly bufferedAmount = 0;
    binaryType = "blob";
    readyState = 0;
    onopen: ((event: Event) => void) | null = null;
    onmessage: ((event: MessageEvent) => void) | null = null;
    onclose: ((event: CloseEvent) => void) | null = null;
    readonly #inbound: Anything;

    constructor() {
      const socket = new MemorySocket();
      socket.received = (data) =>
        queueMicrotask(() =>
          this.onmessage?.(new MessageEvent("message", { data }))
        );
      socket.closed = (code, reason) => this.#closed(code, reason);
      this.#inbound = hub.transport.attach(socket, info());
      queueMicrotask(() => {
        this.readyState = 1;
        this.onopen?.(new Event("open"));
      });
    }

    send(data: string): void {
      this.#inbound.receive(data);
    }

    close(code = 1000, reason = ""): void {
      this.#inbound.closed(code, reason);
      this.#closed(code, reason);
    }

    #closed(code: number, reason: string): void {
      this.readyState = 3;
      this.onclose?.(new CloseEvent("close", { code, reason }));
    }
  };
}

function info(): object {
  return {
    protocol: "drumbeat.v1",
    url: "http://hub.test/ws",
    address: "192.0.2.1",
  };
}

/** A drumbeat.v1 peer that sends frames by hand. */
class HandPeer {
  readonly #inbound: Anything;
  readonly #waiting = new Map<string, () => void>();

  constructor(hub: Anything) {
    const socket = new MemorySocket();
    this.#inbound = hub.transport.attach(socket, info());
    socket.received = (data) => {
      const { type } = JSON.parse(data);
      this.#waiting.get(type)?.();
    };
  }

  send(frame: object): void {
    this.#inbound.receive(JSON.stringify(frame));
  }

  /** Resolves when a frame of a type arrives. */
  next(type: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(type, resolve));
  }

  async hello(): Promise<void> {
    const started = this.next("start");
    this.send({ type: "hello", topics: { lobby: {} } });
    await started;
  }
}

/** Returns a store that is also its own factory: a hub takes the one or the other, depending on the checkout. */
function storeFor(store: Anything): Anything {
  const methods = ["connect", "open", "append", "forget", "release"]
    .concat("begin", "claim", "detach", "leave")
    .map((name) => [name, store[name]?.bind(store)]);
  return Object.assign(() => store, {
    ...Object.fromEntries(methods),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  });
}

/**
 * Measures the path of one published message.
 *
 * @param folder the URL of a checkout, with a slash at its end.
 * @param withClient whether the publisher is a `Client`.
 */
export async function publishPath(
  folder: string,
  withClient: boolean,
): Promise<PublishPath> {
  const load = (path: string): Promise<Anything> => import(folder + path);
  const { Hub } = await load("hub/hub.ts");
  const { MemoryStore } = await load("adapters/store_memory.ts");
  const { WebClock } = await load("adapters/clock_web.ts");
  const clock = new WebClock();
  const hub = new Hub({ store: storeFor(new MemoryStore(clock)), clock });
  const subscriber = new HandPeer(hub);
  await subscriber.hello();
  let publish: () => Promise<unknown>;
  let close = () => {};
  if (withClient) {
    const { connect } = await load("client.ts");
    const client = connect("ws://hub.test/ws", { WebSocket: webSocketOf(hub) });
    const lobby = client.topic("lobby");
    let arrived = Promise.withResolvers<void>();
    lobby.on("chat", () => arrived.resolve());
    publish = () => {
      arrived = Promise.withResolvers();
      const acknowledged = lobby.publish({ type: "chat", text: "hello" });
      return Promise.all([acknowledged, arrived.promise]);
    };
    close = () => client.close();
  } else {
    const publisher = new HandPeer(hub);
    await publisher.hello();
    let id = 0;
    publish = () => {
      const message = { type: "chat", text: "hello" };
      const done = Promise.all([
        publisher.next("ack"),
        publisher.next("batch"),
        subscriber.next("batch"),
      ]);
      publisher.send({ type: "publish", id: id++, topic: "lobby", message });
      return done;
    };
  }
  const settle = () => new Promise((resolve) => setTimeout(resolve, 20));
  for (let n = 0; n < WARM_UP; n++) await publish();
  await settle();
  using calls = new Calls();
  await calls.take(folder);
  await publish();
  await settle();
  const functions = (await calls.take(folder)).sort();
  const files = [...new Set(functions.map((name) => name.split(" ")[0]!))];
  close();
  await hub.close();
  return { files, functions };
}

if (import.meta.main) {
  const options = Deno.args.filter((arg) => arg.startsWith("--"));
  const [path = "."] = Deno.args.filter((arg) => !arg.startsWith("--"));
  const folder = new URL(
    `${await Deno.realPath(path)}/`,
    "file:///",
  ).href;
  const { files, functions } = await publishPath(
    folder,
    options.includes("--client"),
  );
  if (options.includes("--list")) console.log(functions.join("\n"));
  console.log(`${files.length} files, ${functions.length} functions`);
}
