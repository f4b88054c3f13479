import { connect, type ConnectOptions } from "../../client.ts";
import { bodyOf } from "./recorder.ts";
import { QUICK_CLIENT, type Scenario } from "./scenario.ts";

/**
 * Adds a subscriber without a saved position, for negative controls: it replaces its client after each disconnect, and the
 * new client starts at the head of the log.
 */
export function addSubscriberWithoutPosition(
  scenario: Scenario,
  name: string,
  topic: string,
  options: ConnectOptions = {},
): void {
  const stream = scenario.ledger.stream(name, topic);
  const clients = new Set<AsyncDisposable>();
  let isEnded = false;
  const start = () => {
    const client = connect(scenario.proxy.url, { ...QUICK_CLIENT, ...options });
    clients.add(client);
    const room = client.topic(topic);
    room.subscribed().then(() => {
      if (stream.at === undefined) stream.subscribed(room.position!);
    }, () => {});
    room.onAny((message, { offset, from }) =>
      stream.record(room.position!.epoch, offset, from, bodyOf(message))
    );
    client.addEventListener("statechange", ({ state }) => {
      if (state !== "waiting") return;
      client.close();
      if (!isEnded) start();
    });
  };
  start();
  scenario.defer(async () => {
    isEnded = true;
    await Promise.all([...clients].map((one) => one[Symbol.asyncDispose]()));
  });
}
