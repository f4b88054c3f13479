/**
 * Scripts that run in a page and record what it receives, as the global `witness`.
 *
 * @module
 */
import type { Position } from "../stream.ts";

/** An observation as JSON: the name of the stream's method and its arguments. */
export type TabObservation =
  | readonly ["subscribed", Position]
  | readonly ["record", string, number, string, string]
  | readonly ["gap", number, number | undefined, Position];

/** The global `witness` of the page. */
export interface Witness {
  readonly observations: TabObservation[];
  /** The ticks of a timer of 20 ms. They stop while the tab is frozen. */
  ticks: number;
  /** The messages of the socket. */
  messages: number;
  /** The cursor's position, and the time of its last change by the page's clock. */
  at: Position | undefined;
  atMs: number;
  /** The first tick after a pause of more than a second. */
  resumedMs: number;
}

const prepare = `
  const witness = globalThis.witness = {
    observations: [], ticks: 0, messages: 0, at: undefined, atMs: 0, resumedMs: 0,
  };
  let last = performance.now();
  setInterval(() => {
    const now = performance.now();
    if (now - last > 1000) witness.resumedMs = now;
    last = now;
    witness.ticks++;
  }, 20);`;

/** Records with the client that the server serves. */
export const witnessScript: string = `async (name) => {${prepare}
  const observe = (at, ...observation) => {
    witness.observations.push(observation);
    witness.at = at;
    witness.atMs = performance.now();
  };
  const { connect } = await import("/client.ts");
  const client = connect("/ws", { lobby: false });
  client.addEventListener("frame", ({ direction }) => {
    if (direction === "in") witness.messages++;
  });
  const topic = client.topic(name);
  topic.onAny(({ publisher, seq }, { offset, from }) => {
    observe(topic.position, "record", topic.position.epoch, offset, from, publisher + "#" + seq);
  });
  topic.onGap(({ from, to }) => observe(topic.position, "gap", from, to, topic.position));
  await topic.subscribed();
  observe(topic.position, "subscribed", topic.position);
}`;

/** Records with a bare WebSocket, which neither reconnects nor resumes. */
export const bareWitnessScript: string = `(name) => {${prepare}
  const socket = new WebSocket("/ws", "drumbeat.v1");
  socket.onopen = () =>
    socket.send(JSON.stringify({ type: "hello", topics: { [name]: {} } }));
  socket.onmessage = ({ data }) => {
    witness.messages++;
    const { type, topics, offset, messages } = JSON.parse(data);
    if (type === "ping") socket.send('{"type":"pong"}');
    if (type === "start") {
      witness.at = topics[name];
      witness.observations.push(["subscribed", witness.at]);
    }
    if (type !== "batch") return;
    const { epoch } = witness.at;
    messages.forEach(({ from, message: { publisher, seq } }, i) => {
      witness.observations.push(["record", epoch, offset + i, from, publisher + "#" + seq]);
      witness.at = { epoch, offset: offset + i + 1 };
    });
    witness.atMs = performance.now();
  };
}`;
