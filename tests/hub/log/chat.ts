import { DeepStore, type DeepStoreOptions } from "../deep_store.ts";
import { type AnyFrame, type InMemory, inMemory } from "../in_memory.ts";
import type { AnyMessages } from "../../../messages.ts";

/** Returns the texts of chat messages in frames of both dialects. */
export function texts(frames: readonly AnyFrame[]): string[] {
  return frames.flatMap((frame) =>
    frame.type === "batch"
      ? frame.messages.map(({ message }: AnyFrame) => message.text)
      : frame.text ?? []
  );
}

/** Publishes chat messages to the lobby in one turn, and flushes. */
export function publish(
  hub: InMemory<AnyMessages>,
  ...all: readonly string[]
): void {
  for (const text of all) hub.hub.broadcast({ type: "chat", text });
  hub.flush();
}

/** Publishes each message in a turn of its own. */
export function publishEach(
  hub: InMemory<AnyMessages>,
  ...all: readonly string[]
): void {
  for (const text of all) publish(hub, text);
}

/** Creates a hub with small rings and windows, and a store that keeps every record. */
export function deep(options?: DeepStoreOptions) {
  let store: DeepStore;
  const hub = inMemory(
    { limits: { windowBytes: 1_000 }, topics: { "*": { maxRecords: 2 } } },
    (clock) => store = new DeepStore(clock, options),
  );
  return { hub, store: store! };
}
