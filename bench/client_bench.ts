/**
 * `deno task bench:micro`: a batch of 1,000 records on its way through a client, from the text of the frame to whoever
 * listens, in one process, without a network. `JSON.parse` of the same text is the floor: nothing of this can be faster.
 *
 * @module
 */
import { connect, type Topic } from "../client.ts";
import {
  type Contract,
  decodeServerFrame,
  type MessageMap,
} from "../messages.ts";
import { contract } from "../static/contract.ts";
import { FakeClock } from "../tests/client/fake_clock.ts";
import { FakeNet } from "../tests/client/fake_socket.ts";
import { greet } from "../tests/client/harness.ts";

const RECORDS = 1_000;
/** Ten peers in turn, ten records a millisecond: the server's word that is the same as before is left out. */
const MESSAGES = JSON.stringify(
  Array.from({ length: RECORDS }, (_, i) => ({
    from: `peer-${i % 10}-abcd`,
    ...(i % 10 === 0 ? { at: 1_763_852_400_000 + i / 10 } : {}),
    message: { type: "chat", text: "x".repeat(75), name: "Ada Lovelace" },
  })),
);

/** The next frame: each time another one, as a topic's cursor wants it. */
function frame(offset: number): string {
  return `{"type":"batch","topic":"lobby","offset":${offset},"messages":${MESSAGES}}`;
}

/** A client that is in the lobby, and a way to give it the next batch. */
function clientOf<M extends MessageMap>(
  options: { readonly contract?: Contract<M> } = {},
) {
  const net = new FakeNet();
  const client = connect("ws://hub.test/ws", {
    clock: new FakeClock(),
    WebSocket: net.WebSocket,
    ...options,
  });
  const topic = client.topic("lobby");
  greet(net.last);
  let offset = 0;
  const receive = () => {
    net.last.emit(frame(offset));
    offset += RECORDS;
    net.last.takeRaw();
  };
  return { client, topic, receive };
}

/** Benches what listens to a topic by calling back. */
function bench<M extends MessageMap>(
  name: string,
  listen: (topic: Topic<M>, heard: () => void, client: EventTarget) => void,
  options: { readonly contract?: Contract<M> } = {},
): void {
  const { client, topic, receive } = clientOf(options);
  let heard = 0;
  listen(topic, () => heard++, client);
  Deno.bench(name, { group: "batch of 1,000" }, () => {
    heard = 0;
    receive();
    if (heard !== RECORDS) throw new Error(`Heard ${heard}`);
  });
}

let at = 0;
Deno.bench(
  "JSON.parse alone",
  { group: "batch of 1,000", baseline: true },
  () => {
    JSON.parse(frame(at += RECORDS));
  },
);

Deno.bench("decode the frame", { group: "batch of 1,000" }, () => {
  if (!decodeServerFrame(frame(at += RECORDS)).ok) {
    throw new Error("Not decoded");
  }
});

{
  const { topic, receive } = clientOf();
  Deno.bench("nobody listens", { group: "batch of 1,000" }, () => {
    const before = topic.position?.offset ?? 0;
    receive();
    if (topic.position?.offset !== before + RECORDS) {
      throw new Error(`At ${topic.position?.offset}`);
    }
  });
}

bench("on(type)", (topic, heard) => void topic.on("chat", heard));

bench("on(type), twenty types", (topic, heard) => {
  topic.on("chat", heard);
  for (let i = 1; i < 20; i++) topic.on(`other-${i}`, () => {});
});

bench(
  "on(type), with a contract",
  (topic, heard) => void topic.on("chat", heard),
  { contract },
);

bench("the message event", (_topic, heard, client) => {
  client.addEventListener("message", heard);
});

{
  const { topic, receive } = clientOf();
  const records = topic[Symbol.asyncIterator]();
  Deno.bench("for await", { group: "batch of 1,000" }, async () => {
    receive();
    let heard = 0;
    for await (
      const record of {
        [Symbol.asyncIterator]: () => ({ next: () => records.next() }),
      }
    ) {
      if (record.kind === "record" && ++heard === RECORDS) break;
    }
  });
}
