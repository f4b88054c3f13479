import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type Server as HttpServer,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { MakeWebSocketServer, WebSocketServer } from "./ws_types.ts";
import { NodeSocket } from "./socket.ts";
import { plainText } from "../responses.ts";
import type { Handler } from "../handler.ts";
import { refuse, requestOf, respond } from "./node_http.ts";
import { type Listening, TCP_BACKLOG, type TlsOptions } from "../service.ts";
import type { Accept } from "../upgrade.ts";

/**
 * A message in smaller pieces than this on average, as frames or as reads, is closed with 1008, once it has
 * {@linkcode MIN_PIECES}. Each piece costs some hundred bytes, so a message that drips in holds many times its size.
 */
const PIECE_BYTES = 64;
const MIN_PIECES = 1_024;

/** What {@linkcode NodeServer} keeps to. */
export interface NodeServerOptions {
  /** Largest inbound message in bytes. */
  readonly messageBytes: number;
  /** Connections in all, those whose request is on its way included; the next one is hung up on. */
  readonly connections: number;
  /** How long a request may take to come, in ms. */
  readonly handshakeMs: number;
  /** Speaks TLS with it. */
  readonly tls?: TlsOptions | undefined;
  /** Who does not answer our close frame is dropped after this many ms. Default: 5,000. */
  readonly closeMs?: number;
}

/** Where a server listens, and who answers. */
export interface NodeListenOptions {
  readonly port: number;
  readonly hostname: string;
  readonly answer: Handler;
  /** Answers where `answer` threw. */
  readonly failed: (error: unknown) => Response;
}

/** An upgrade request before its WebSocket is open. */
interface Handshake {
  readonly message: IncomingMessage;
  readonly stream: Duplex;
  /** What was read after the request. */
  readonly head: Uint8Array;
  /** Whether `ws` has it. */
  accepted: boolean;
}

/** `node:http` with the WebSockets of `ws`. */
export class NodeServer implements Listening {
  readonly #http: HttpServer;
  readonly #webSockets: WebSocketServer;
  readonly #handshakes = new WeakMap<Request, Handshake>();
  /** What was upgraded: HTTP does not know of these any more. */
  readonly #upgraded = new Set<Duplex>();
  /** Resolves when it has ended. */
  readonly finished: Promise<void>;
  /** The subprotocol of the handshake that is being accepted. */
  #protocol = "";

  /**
   * @param make makes the server of `ws`: {@linkcode loadWs}.
   * @param options see {@linkcode NodeServerOptions}.
   */
  constructor(make: MakeWebSocketServer, options: NodeServerOptions) {
    const { messageBytes, handshakeMs, closeMs = 5_000, tls } = options;
    const pieces = Math.max(MIN_PIECES, Math.ceil(messageBytes / PIECE_BYTES));
    this.#webSockets = make({
      noServer: true,
      clientTracking: false,
      // A bomb needs a decompressor.
      perMessageDeflate: false,
      // 0 would be no limit; the hub closes with 1009, too.
      maxPayload: Math.max(1, messageBytes),
      maxFragments: pieces,
      maxBufferedChunks: pieces,
      closeTimeout: closeMs,
      handleProtocols: () => this.#protocol || false,
    });
    this.#webSockets.on(
      "wsClientError",
      ({ message }: Error, socket: Duplex) => {
        void refuse(
          socket,
          plainText(400, `Not a WebSocket handshake: ${message}`),
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
    // Without a descriptor left, `node:http` in Deno 2.9 stops accepting for good, and says so to nobody.
    this.#http.maxConnections = options.connections;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.finished = promise;
    this.#http.once("close", resolve);
  }

  /** Where it listens. */
  get addr(): Deno.NetAddr {
    const { address: hostname, port } = this.#http.address() as AddressInfo;
    return { transport: "tcp", hostname, port };
  }

  /** Opens a WebSocket with `ws`. The answer is written already. */
  readonly accept: Accept = (request, { protocol, attach }) => {
    const handshake = this.#handshakes.get(request);
    if (handshake === undefined) {
      return plainText(400, "Not a WebSocket handshake: no upgrade");
    }
    const { message, stream, head } = handshake;
    handshake.accepted = true;
    this.#protocol = protocol;
    this.#webSockets.handleUpgrade(message, stream, head, (socket) => {
      new NodeSocket({ socket, stream }, attach);
    });
    return new Response();
  };

  /**
   * Starts to listen.
   *
   * @throws {Deno.errors.AddrInUse} (as a rejection) when the port is taken.
   */
  async listen(options: NodeListenOptions): Promise<void> {
    const { port, hostname: host } = options;
    this.#http.on("request", async (message, response) => {
      const answer = await answerTo(message, options);
      // What fails is the connection, which is to end then.
      await respond(response, answer).catch(() => response.destroy());
    });
    this.#http.on("upgrade", (message, stream, head) => {
      void this.#upgrade({ message, stream, head, accepted: false }, options);
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
    // Until `ws` listens: an error that nobody hears ends the process.
    stream.on("error", () => {});
    const response = await answerTo(message, {
      ...options,
      answer: (request, info) => {
        this.#handshakes.set(request, handshake);
        return options.answer(request, info);
      },
    });
    if (!handshake.accepted) await refuse(stream, response);
  }

  /** Takes no more connections, and drops those that are left: whoever was to be waited for was. */
  shutdown(): Promise<void> {
    this.#http.close();
    this.#http.closeAllConnections();
    for (const stream of this.#upgraded) stream.destroy();
    return this.finished;
  }
}

/** Answers a request, whatever it is and whatever happens. */
async function answerTo(
  message: IncomingMessage,
  { answer, failed }: Pick<NodeListenOptions, "answer" | "failed">,
): Promise<Response> {
  let request: Request;
  try {
    request = requestOf(message);
  } catch {
    return plainText(400, "Not a request that can be answered");
  }
  const { remoteAddress: hostname = "", remotePort: port = 0 } = message.socket;
  try {
    return await answer(request, {
      remoteAddr: { transport: "tcp", hostname, port },
    });
  } catch (error) {
    return failed(error);
  }
}
