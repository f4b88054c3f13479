import { serve, type ServeOptions, type Server } from "../../server.ts";
import { serveStrict } from "../../server/strict/strict.ts";

/** The name that `--transport` takes. */
export type TransportName = "deno" | "strict";

/** A transport under test. */
export interface Transport {
  readonly transport: TransportName;
  /** Starts a server on it. */
  serve(options: ServeOptions): Promise<Server>;
}

/** All that a server can listen with. */
export const TRANSPORTS: readonly Transport[] = [
  { transport: "deno", serve: async (options) => await serve(options) },
  { transport: "strict", serve: (options) => serveStrict(options) },
];

/** A test of what holds whatever the server listens with: one for each. */
export function test(
  words: string,
  run: (transport: Transport) => Promise<void>,
): void {
  for (const each of TRANSPORTS) {
    Deno.test(`over ${each.transport}: ${words}`, () => run(each));
  }
}
