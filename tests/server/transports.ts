import { serve, type ServeOptions, type Server } from "../../server.ts";
import { serveStrict } from "../../server/strict/strict.ts";

/** A value of `--transport`. */
export type TransportName = "deno" | "strict";

/** A transport under test. */
export interface Transport {
  readonly transport: TransportName;
  /** Starts a server with this transport. `handshakeMs` is for the strict one only. */
  serve(options: ServeOptions & { handshakeMs?: number }): Promise<Server>;
}

/** Every transport. */
export const TRANSPORTS: readonly Transport[] = [
  {
    transport: "deno",
    serve: async ({ handshakeMs: _, ...options }) => await serve(options),
  },
  { transport: "strict", serve: (options) => serveStrict(options) },
];

/** Adds a test for each transport. */
export function test(
  name: string,
  run: (transport: Transport) => Promise<void>,
): void {
  for (const each of TRANSPORTS) {
    Deno.test(`over ${each.transport}: ${name}`, () => run(each));
  }
}
