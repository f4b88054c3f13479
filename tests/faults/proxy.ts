import { Pipe } from "./pipe.ts";

/** The server behind a proxy. */
export interface Target {
  readonly port: number;
}

/** One connection through the proxy. */
export class Link {
  /** From the client to the server. */
  readonly up: Pipe;
  /** From the server to the client. */
  readonly down: Pipe;
  /** Resolves when both directions have ended. */
  readonly closed: Promise<void>;
  readonly #client: Deno.TcpConn;
  readonly #server: Deno.TcpConn;
  #isClosed = false;

  constructor(client: Deno.TcpConn, server: Deno.TcpConn) {
    this.#client = client;
    this.#server = server;
    this.up = new Pipe(client, server, () => this.disconnect());
    this.down = new Pipe(server, client, () => this.disconnect());
    // The pipes start in a later microtask, so that `onLink` sets faults before the first byte.
    this.closed = Promise.resolve()
      .then(() => Promise.all([this.up.run(), this.down.run()]))
      .then(() => this.disconnect());
  }

  /** True after the link has ended. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Ends both connections: each side receives what was sent, and then the end of the stream or a reset. Idempotent. */
  disconnect(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.up.end();
    this.down.end();
    for (const conn of [this.#client, this.#server]) {
      try {
        conn.close();
      } catch {
        // The connection is closed already.
      }
    }
  }

  /** Freezes both directions. */
  freeze(): void {
    this.up.freeze();
    this.down.freeze();
  }

  /** Unfreezes both directions. */
  unfreeze(): void {
    this.up.unfreeze();
    this.down.unfreeze();
  }
}

/**
 * A TCP proxy on loopback with the faults of a network: it disconnects after n bytes, delays, freezes, half-closes, throttles
 * and refuses connections. Faults are set on each live link, or in `onLink` before its first byte.
 */
export class FaultProxy implements AsyncDisposable {
  /** The server of new connections. A server that starts again has another port. */
  target: Target;
  /** True while the proxy closes new connections at once. */
  refusing = false;
  /** Called with each new link before its first byte. */
  onLink: ((link: Link) => void) | undefined;
  /** The open links. */
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

  /** The proxy's port. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** The WebSocket URL of the server, through this proxy. */
  get url(): string {
    return `ws://127.0.0.1:${this.port}/ws`;
  }

  /** The number of links so far. */
  get count(): number {
    return this.#count;
  }

  /** Removes every fault of live and new links. */
  heal(): void {
    this.refusing = false;
    this.onLink = undefined;
    for (const { up, down } of this.links) {
      up.heal();
      down.heal();
    }
  }

  /** Disconnects every link. @returns their number. */
  disconnectAll(): number {
    const { size } = this.links;
    for (const link of this.links) link.disconnect();
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
      // The server does not listen: for the client this is a network fault.
      return client.close();
    }
    const link = new Link(client, server);
    this.#count++;
    this.links.add(link);
    if (this.refusing) link.disconnect();
    else this.onLink?.(link);
    await link.closed;
    this.links.delete(link);
  }
}
