/**
 * A program of a platform without the newer parts of the language and of the Web: old_platform_test.ts runs it.
 *
 * @module
 */
const missing: [object, string[]][] = [
  [Promise, ["withResolvers", "try"]],
  [URL, ["canParse", "parse"]],
  [String.prototype, ["isWellFormed", "toWellFormed"]],
  [AbortSignal, ["any"]],
  [Object, ["groupBy"]],
  [Map, ["groupBy"]],
  [Uint8Array, ["fromBase64"]],
  [Uint8Array.prototype, ["toBase64"]],
  [Set.prototype, ["union", "difference", "intersection", "isSubsetOf"]],
  [Array, ["fromAsync"]],
  [globalThis, ["CloseEvent", "Iterator"]],
];
for (const [owner, names] of missing) {
  for (const name of names) {
    if (!Reflect.deleteProperty(owner, name)) throw new Error(name);
  }
}

const { connect } = await import("../../client.ts");
const client = connect(Deno.args[0]!, { backoff: { minMs: 1 } });
await client.opened();
const room = client.topic("room");
const received = new Promise<void>((resolve) =>
  void (async () => {
    for await (const record of room) {
      if (record.kind === "record") return resolve();
    }
  })()
);
await room.subscribed();
await room.presence.set({ name: "Ada" });
await room.publish({ type: "chat", text: "hello" });
await received;
console.log(await client.request("length", "four"));
await room.history();
client.reconnect();
await client.opened();
const closed = new Promise<CloseEvent>((resolve) =>
  client.addEventListener("close", resolve)
);
client.close(3000, "bye");
const { type, code, reason, wasClean } = await closed;
console.log(type, code, reason, wasClean);
