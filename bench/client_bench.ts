/**
 * `deno task bench:micro`: the time of a batch of 1,000 records in a client, from the frame's text to the handlers, in one
 * process, without a network. `JSON.parse` of the same text is the lower bound.
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
import { handshake } from "../tests/client/harness.ts";

const RECORDS = 1_000;
/** Records of ten peers in turn, ten per millisecond, with repeated fields omitted as the server does. */
const MESSAGES = JSON.stringify(
  Array.from({ length: RECORDS }, (_, i) => ({
    from: `peer-${i % 10}-abcd`,
    ...(i % 10 === 0 ? { at: 1_763_852_400_000 + i / 10 } : {}),
    message: { type: "chat", text: "x".repeat(75), name: "Ada Lovelace" },
  })),
);

/** Returns the next frame, at the offset that the topic's cursor expects. */
function frame(offset: number): string {
  return `{"type":"batch","topic":"lobby","offset":${offset},"messages":${MESSAGES}}`;
}

/** Creates a client in the lobby, and a function that passes the next batch to it. */
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
  handshake(net.last);
  let offset = 0;
  const receive = () => {
    net.last.emit(frame(offset));
    offset += RECORDS;
    net.last.takeRaw();
  };
  return { client, topic, receive };
}

/** Measures the delivery to callbacks of a topic. */
function bench<M extends MessageMap>(
  name: string,
  listen: (topic: Topic<M>, received: () => void, client: EventTarget) => void,
  options: { readonly contract?: Contract<M> } = {},
): void {
  const { client, topic, receive } = clientOf(options);
  let received = 0;
  listen(topic, () => received++, client);
  Deno.bench(name, { group: "batch of 1,000" }, () => {
    received = 0;
    receive();
    if (received !== RECORDS) throw new Error(`Received ${received}`);
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
  Deno.bench("without a handler", { group: "batch of 1,000" }, () => {
    const before = topic.position?.offset ?? 0;
    receive();
    if (topic.position?.offset !== before + RECORDS) {
      throw new Error(`At ${topic.position?.offset}`);
    }
  });
}

bench("on(type)", (topic, received) => void topic.on("chat", received));

bench("on(type), twenty types", (topic, received) => {
  topic.on("chat", received);
  for (let i = 1; i < 20; i++) topic.on(`other-${i}`, () => {});
});

bench(
  "on(type), with a contract",
  (topic, received) => void topic.on("chat", received),
  { contract },
);

bench("the message event", (_topic, received, client) => {
  client.addEventListener("message", received);
});

{
  const { topic, receive } = clientOf();
  const records = topic[Symbol.asyncIterator]();
  Deno.bench("for await", { group: "batch of 1,000" }, async () => {
    receive();
    let received = 0;
    for await (
      const record of {
        [Symbol.asyncIterator]: () => ({ next: () => records.next() }),
      }
    ) {
      if (record.kind === "record" && ++received === RECORDS) break;
    }
  });
}
