/**
 * A program that ignores every promise of its clients: rejections_test.ts runs it.
 *
 * @module
 */
import { connect, DrumbeatError } from "../../client.ts";

const client = connect("ws://127.0.0.1:1/ws", { backoff: { attempts: 0 } });
const codes: string[] = [];
const all = new Promise<void>((resolve) =>
  client.addEventListener("rejected", ({ error }) => {
    codes.push(error instanceof DrumbeatError ? error.code : String(error));
    if (codes.length === 4) resolve();
  })
);
const lobby = client.topic("lobby");
void client.opened();
void lobby.subscribed();
void lobby.publish({ type: "chat", text: "hi" });
void client.request("time");

const silent = connect("ws://127.0.0.1:1/ws", { backoff: { attempts: 0 } });
void silent.opened();
void silent.topic("lobby").presence.set({ name: "Ada" });
void silent.topic("lobby").publish({ type: "hello" });

await all;
await new Promise((resolve) => setTimeout(resolve));
for (const code of codes.toSorted()) console.log(code);
console.log("alive");
