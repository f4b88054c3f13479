import type { Browser } from "playwright-core";
import type { Place } from "../ledger.ts";
import { pacer } from "../pacer.ts";
import type { Target } from "../proxy.ts";
import { type Outcome, Stage } from "../scenario.ts";
import { Tab } from "../freezable_tab.ts";

/** How much of {@linkcode frozenTab}. */
export interface FrozenTabOptions {
  readonly frozenMs: number;
  /** Messages a second meanwhile. */
  readonly perSecond: number;
  /** How soon after waking everything must be there, in ms. */
  readonly withinMs: number;
  /** How long to wait for it all the same, in ms. Default: 15,000. */
  readonly patienceMs?: number;
  /** The negative control: a WebSocket with no client around it. Default: `false`. */
  readonly bare?: boolean;
}

/** What the page writes down: the arguments of the stream's methods. */
type Noted =
  | readonly ["joined", Place]
  | readonly ["record", string, number, string, string]
  | readonly ["gap", number, number | undefined, Place];

/** What runs in the page: globals of it. */
interface Witness {
  readonly noted: Noted[];
  /** Ticks of a timer of 20 ms, and messages of the socket. */
  ticks: number;
  messages: number;
  /** Where the cursor is, and when it came there, by the page's clock. */
  at: Place | undefined;
  atMs: number;
  /** When the timer first ran after a pause of a second. */
  wokeMs: number;
}

/** A tab is frozen, as Chromium does with those in the background, and thawed, while messages go on. */
export async function frozenTab(
  target: Target,
  browser: Browser,
  { frozenMs, perSecond, withinMs, patienceMs = 15_000, bare = false }:
    FrozenTabOptions,
): Promise<Outcome> {
  const name = `frozen:${crypto.randomUUID()}`;
  await using stage = new Stage(target);
  const { publisher } = stage.publisher("p", name);
  await stage.joined();
  const url = `http://127.0.0.1:${target.port}/`;
  const tab = await Tab.open(browser, url);
  const script = bare ? witnessBare : witness;
  await tab.evaluate(`(${script})(${JSON.stringify(name)})`);
  await tab.until("witness.at !== undefined");

  const pace = pacer(perSecond);
  const publish = async (ms: number) => {
    for (const end = performance.now() + ms; performance.now() < end;) {
      await pace();
      void publisher.publish();
    }
  };
  await publish(500);
  await tab.freeze();
  // What was under way when it froze is through.
  await publish(500);
  const before = await look(tab);
  await publish(frozenMs - 500);
  const after = await look(tab);
  if (before.ticks !== after.ticks || before.messages !== after.messages) {
    stage.violate(
      name,
      `Not frozen: ${after.ticks - before.ticks} ticks and ${
        after.messages - before.messages
      } messages went by`,
    );
  }
  await publisher.settled();
  await stage.quiet(name);
  const end = stage.ledger.ends.get(name)!;
  await tab.thaw();
  await tab.evaluate(`new Promise((resolve) => {
      const wait = ${patienceMs};
      const start = performance.now();
      const look = () => {
        const { epoch, offset } = witness.at;
        const isThere = epoch === ${
    JSON.stringify(end.epoch)
  } && offset >= ${end.offset};
        if (isThere || performance.now() - start > wait) resolve();
        else setTimeout(look, 10);
      };
      look();
    })`);
  const { noted, wokeMs, atMs } = await look(tab);
  const stream = stage.ledger.stream("the tab", name);
  for (const one of noted) {
    if (one[0] === "joined") stream.joined(one[1]);
    else if (one[0] === "gap") stream.gap(one[1], one[2], one[3]);
    else stream.record(one[1], one[2], one[3], one[4]);
  }
  const tookMs = Math.round(atMs - wokeMs);
  if (tookMs > withinMs) {
    stage.violate(name, `It took ${tookMs} ms, not ${withinMs}`);
  }
  return stage.outcome(1, `up to date ${tookMs} ms after waking`);
}

async function look(tab: Tab): Promise<Witness> {
  return await tab.evaluate("({ ...witness })") as Witness;
}

/** Runs in the page, with the client that the server serves. */
const witness = `async (name) => {
  const witness = globalThis.witness = {
    noted: [], ticks: 0, messages: 0, at: undefined, atMs: 0, wokeMs: 0,
  };
  const note = (at, ...what) => {
    witness.noted.push(what);
    witness.at = at;
    witness.atMs = performance.now();
  };
  let last = performance.now();
  setInterval(() => {
    const now = performance.now();
    if (now - last > 1000) witness.wokeMs = now;
    last = now;
    witness.ticks++;
  }, 20);
  const { connect } = await import("/client.ts");
  const client = connect("/ws", { lobby: false });
  client.addEventListener("frame", ({ direction }) => {
    if (direction === "in") witness.messages++;
  });
  const topic = client.topic(name);
  topic.onAny(({ publisher, seq }, { offset, from }) => {
    note(topic.position, "record", topic.position.epoch, offset, from, publisher + "#" + seq);
  });
  topic.onGap(({ from, to }) => note(topic.position, "gap", from, to, topic.position));
  await topic.joined();
  note(topic.position, "joined", topic.position);
}`;

/** The same with a bare WebSocket: whoever uses one has no defence. */
const witnessBare = `(name) => {
  const witness = globalThis.witness = {
    noted: [], ticks: 0, messages: 0, at: undefined, atMs: 0, wokeMs: 0,
  };
  let last = performance.now();
  setInterval(() => {
    const now = performance.now();
    if (now - last > 1000) witness.wokeMs = now;
    last = now;
    witness.ticks++;
  }, 20);
  const socket = new WebSocket("/ws", "drumbeat.v1");
  socket.onopen = () =>
    socket.send(JSON.stringify({ type: "hello", topics: { [name]: {} } }));
  socket.onmessage = ({ data }) => {
    witness.messages++;
    const { type, topics, offset, messages } = JSON.parse(data);
    if (type === "ping") socket.send('{"type":"pong"}');
    if (type === "start") {
      witness.at = topics[name];
      witness.noted.push(["joined", witness.at]);
    }
    if (type !== "batch") return;
    const { epoch } = witness.at;
    messages.forEach(({ from, message: { publisher, seq } }, i) => {
      witness.noted.push(["record", epoch, offset + i, from, publisher + "#" + seq]);
      witness.at = { epoch, offset: offset + i + 1 };
    });
    witness.atMs = performance.now();
  };
}`;
