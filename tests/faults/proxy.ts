import { Pipe } from "./pipe.ts";

/** Where a proxy's connections go. */
export interface Target {
  readonly port: number;
}

/** One connection through the proxy. */
export class Link {
  /** From the client to the server. */
  readonly up: Pipe;
  /** From the server to the client. */
  readonly down: Pipe;
  /** Which one it is, counted from 0. */
  readonly nth: number;
  /** Resolves when it is over. */
  readonly over: Promise<void>;
  readonly #client: Deno.TcpConn;
  readonly #server: Deno.TcpConn;
  #isOver = false;

  constructor(nth: number, client: Deno.TcpConn, server: Deno.TcpConn) {
    this.nth = nth;
    this.#client = client;
    this.#server = server;
    this.up = new Pipe(client, server, () => this.cut());
    this.down = new Pipe(server, client, () => this.cut());
    // The pipes start in the microtasks that follow: whoever made the link prepares it before a byte went through.
    this.over = Promise.resolve()
      .then(() => Promise.all([this.up.run(), this.down.run()]))
      .then(() => this.cut());
  }

  /** Whether it is over. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Drops it: each side gets what is on its way and then the end of the stream, or a reset. */
  cut(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.up.end();
    this.down.end();
    for (const conn of [this.#client, this.#server]) {
      try {
        conn.close();
      } catch {
        // It is closed already.
      }
    }
  }

  /** A black hole in both directions. */
  freeze(): void {
    this.up.freeze();
    this.down.freeze();
  }

  /** The black hole gives back what fell into it. */
  thaw(): void {
    this.up.thaw();
    this.down.thaw();
  }
}

/**
 * A TCP proxy on loopback that does to connections what networks do: cut after n bytes, delay, freeze, half-close, throttle,
 * refuse. Faults are set on each connection, live, or in `onLink` before its first byte.
 */
export class FaultProxy implements AsyncDisposable {
  /** Where connections go: may change, as a server's port does when it starts again. */
  target: Target;
  /** Whether new connections are dropped at once. */
  refusing = false;
  /** Gets each new connection before a byte goes through. */
  onLink: ((link: Link) => void) | undefined;
  /** Connections that are not over. */
  readonly links: Set<Link> = new Set();
  readonly #listener: Deno.TcpListener;
  readonly #accepting: Promise<void>;
  readonly #serving = new Set<Promise<void>>();
  #count = 0;

  constructor(target: Target) {
    this.target = target;
    this.#listener = Deno.listen({
      hostname: "127.0.0.1",
      port: 0,
      tcpBacklog: 1024,
    });
    this.#accepting = this.#accept();
  }

  /** The port that it listens on. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** The WebSocket URL of the server, through this proxy. */
  get url(): string {
    return `ws://127.0.0.1:${this.port}/ws`;
  }

  /** How many connections there were. */
  get count(): number {
    return this.#count;
  }

  /** Takes back all that is done to connections, now and to come. */
  heal(): void {
    this.refusing = false;
    this.onLink = undefined;
    for (const { up, down } of this.links) {
      up.heal();
      down.heal();
    }
  }

  /** Drops every connection. @returns how many there were. */
  disconnectAll(): number {
    const { size } = this.links;
    for (const link of this.links) link.cut();
    return size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.refusing = true;
    this.#listener.close();
    this.disconnectAll();
    await this.#accepting;
    await Promise.all(this.#serving);
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      if (this.refusing) {
        client.close();
        continue;
      }
      const serving = this.#serve(client)
        .finally(() => this.#serving.delete(serving));
      this.#serving.add(serving);
    }
  }

  async #serve(client: Deno.TcpConn): Promise<void> {
    let server: Deno.TcpConn;
    try {
      server = await Deno.connect({
        hostname: "127.0.0.1",
        port: this.target.port,
      });
    } catch {
      // Nobody there: the client sees it as the network's fault.
      return client.close();
    }
    const link = new Link(this.#count++, client, server);
    this.links.add(link);
    if (this.refusing) link.cut();
    else this.onLink?.(link);
    await link.over;
    this.links.delete(link);
  }
}
