import type { Buffer } from "node:buffer";
import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type Server as HttpServer,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { IDENTITY_BYTES } from "../../messages/wire.ts";
import type { Handler } from "../handler.ts";
import { plainText } from "../responses.ts";
import { type Listening, TCP_BACKLOG, type TlsOptions } from "../service.ts";
import type { Accept } from "../upgrade.ts";
import type { CreateWebSocketServer, WebSocketServer } from "./load_ws.ts";
import { refuse, requestOf, respond } from "./node_http.ts";
import { NodeSocket } from "./socket.ts";

/**
 * The smallest average size of the reads of one message, in bytes. A message with smaller ones closes the connection with
 * 1008, once it has {@linkcode MIN_READS}. Each read costs some hundred bytes, so a message of small reads takes many times
 * its size.
 */
const READ_BYTES = 64;
const MIN_READS = 1_024;

/**
 * The same for fragments. A message counts once in the rates, so the number of its fragments bounds what it costs. Clients
 * that send fragments use one for each 4 KiB or more.
 */
const FRAGMENT_BYTES = 256;
const MIN_FRAGMENTS = 64;

/** Options of {@linkcode NodeServer}. */
export interface NodeServerOptions {
  /** The largest inbound message in bytes. */
  readonly messageBytes: number;
  /** The largest number of connections, with or without a complete request; the next one is closed. */
  readonly connections: number;
  /** The time in which a request has to be complete, in ms. */
  readonly handshakeMs: number;
  /** The certificate and the key for TLS. */
  readonly tls?: TlsOptions | undefined;
  /**
   * The time after which a connection is terminated that does not answer a close frame, in ms.
   *
   * @default 5_000
   */
  readonly closeMs?: number;
}

/** Options of {@linkcode NodeServer.listen}. */
export interface NodeListenOptions {
  readonly port: number;
  readonly hostname: string;
  /** Responds to a request. */
  readonly handler: Handler;
  /** Responds if the handler threw. */
  readonly onError: (error: unknown) => Response;
}

/** An upgrade request before its WebSocket is open. */
interface Handshake {
  readonly message: IncomingMessage;
  readonly stream: Duplex;
  /** The bytes that were read after the request. */
  readonly head: Buffer;
  /** `true` once `ws` has taken over the stream. */
  isAccepted: boolean;
}

/** A server of `node:http` with the WebSockets of `ws`. */
export class NodeServer implements Listening {
  readonly #http: HttpServer;
  readonly #webSockets: WebSocketServer;
  readonly #handshakes = new WeakMap<Request, Handshake>();
  /** The streams of upgraded connections, which `node:http` no longer closes. */
  readonly #upgraded = new Set<Duplex>();
  /** Resolves when the server is closed. */
  readonly finished: Promise<void>;
  /** The subprotocol of the handshake that is being accepted. */
  #protocol = "";

  /**
   * @param create the result of {@linkcode loadWs}.
   * @param options see {@linkcode NodeServerOptions}.
   */
  constructor(create: CreateWebSocketServer, options: NodeServerOptions) {
    const { messageBytes, handshakeMs, closeMs = 5_000, tls } = options;
    // The hub refuses what is larger than `messageBytes`, except a hello or a token.
    const maxPayload = Math.max(messageBytes, IDENTITY_BYTES);
    const atLeast = (least: number, bytes: number) =>
      Math.max(least, Math.ceil(maxPayload / bytes));
    this.#webSockets = create({
      noServer: true,
      clientTracking: false,
      // A compressed message could expand to any size.
      perMessageDeflate: false,
      maxPayload,
      maxFragments: atLeast(MIN_FRAGMENTS, FRAGMENT_BYTES),
      maxBufferedChunks: atLeast(MIN_READS, READ_BYTES),
      closeTimeout: closeMs,
      handleProtocols: () => this.#protocol || false,
    });
    this.#webSockets.on(
      "wsClientError",
      ({ message }: Error, socket: Duplex) => {
        void refuse(
          socket,
          plainText(400, `Invalid WebSocket handshake: ${message}`),
        );
      },
    );
    const times = {
      headersTimeout: handshakeMs,
      requestTimeout: handshakeMs,
      keepAliveTimeout: Math.min(5_000, handshakeMs),
      connectionsCheckingInterval: Math.min(1_000, Math.ceil(handshakeMs / 4)),
    };
    this.#http = tls === undefined
      ? createServer(times)
      : createTlsServer({ ...times, ...tls });
    // Without free file descriptors, `node:http` of Deno 2.9 stops accepting, without an event and for good.
    this.#http.maxConnections = options.connections;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.finished = promise;
    this.#http.once("close", resolve);
  }

  /** The address that the server listens on. */
  get addr(): Deno.NetAddr {
    const { address: hostname, port } = this.#http.address() as AddressInfo;
    return { transport: "tcp", hostname, port };
  }

  /** Opens a WebSocket with `ws`, which sends the response itself. */
  readonly accept: Accept = (request, { protocol, attach }) => {
    const handshake = this.#handshakes.get(request);
    if (handshake === undefined) {
      return plainText(400, "Invalid WebSocket handshake: no upgrade");
    }
    const { message, stream, head } = handshake;
    handshake.isAccepted = true;
    this.#protocol = protocol;
    this.#webSockets.handleUpgrade(message, stream, head, (socket) => {
      new NodeSocket({ socket, stream }, attach);
    });
    return new Response();
  };

  /**
   * Starts to listen.
   *
   * @param options see {@linkcode NodeListenOptions}.
   * @throws {Deno.errors.AddrInUse} (as a rejection) when the port is in use.
   */
  async listen(options: NodeListenOptions): Promise<void> {
    const { port, hostname: host } = options;
    this.#http.on("request", async (message, response) => {
      const answer = await responseTo(message, options);
      // Only a broken connection makes it fail.
      await respond(response, answer).catch(() => response.destroy());
    });
    this.#http.on("upgrade", (message, stream, head) => {
      void this.#upgrade({ message, stream, head, isAccepted: false }, options);
    });
    this.#http.listen({ port, host, backlog: TCP_BACKLOG });
    try {
      await once(this.#http, "listening");
    } catch (error) {
      if ((error as { code?: string }).code !== "EADDRINUSE") throw error;
      throw new Deno.errors.AddrInUse(`Port ${port} is in use`, {
        cause: error,
      });
    }
  }

  async #upgrade(
    handshake: Handshake,
    options: NodeListenOptions,
  ): Promise<void> {
    const { message, stream } = handshake;
    this.#upgraded.add(stream);
    stream.once("close", () => this.#upgraded.delete(stream));
    // An error event without a listener would end the process.
    stream.on("error", () => {});
    const response = await responseTo(message, {
      ...options,
      handler: (request, info) => {
        this.#handshakes.set(request, handshake);
        return options.handler(request, info);
      },
    });
    if (!handshake.isAccepted) await refuse(stream, response);
  }

  /** Stops listening and terminates the remaining connections. */
  shutdown(): Promise<void> {
    this.#http.close();
    this.#http.closeAllConnections();
    for (const stream of this.#upgraded) stream.destroy();
    return this.finished;
  }
}

/** Responds to any request. It never rejects. */
async function responseTo(
  message: IncomingMessage,
  { handler, onError }: Pick<NodeListenOptions, "handler" | "onError">,
): Promise<Response> {
  let request: Request;
  try {
    request = requestOf(message);
  } catch {
    return plainText(400, "Invalid request");
  }
  const { remoteAddress: hostname = "", remotePort: port = 0 } = message.socket;
  try {
    return await handler(request, {
      remoteAddr: { transport: "tcp", hostname, port },
    });
  } catch (error) {
    return onError(error);
  }
}
