/**
 * Drumbeat: a WebSocket hub for Deno. Typed messages fan out to every tab and process, and nothing is lost silently:
 * every topic is a log, every peer is a cursor.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { connect, serve } from "./mod.ts";
 *
 * await using server = serve({ port: 0 });
 * await using client = connect(`ws://127.0.0.1:${server.addr.port}/ws`);
 * const offset = await client.topic("lobby").publish({ type: "chat", text: "hello" });
 * assertEquals(offset, 0);
 * ```
 *
 * @module
 */
export * from "./messages.ts";
export * from "./client.ts";
