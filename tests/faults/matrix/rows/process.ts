/** Faults of the process and of the program around the hub. */
import { delay } from "@std/async";
import { rawHttp } from "../../../raw_peer.ts";
import { START } from "../../../server/spawned.ts";
import { WirePeer } from "../../../server/wire_peer.ts";
import type { Attacker, Harness } from "../harness.ts";
import { HEARTBEAT } from "../target.ts";
import type { Row } from "../row.ts";

/** Sends every frame that makes a hook, validator or handler of the failing program fail. */
async function callFailingProgram(harness: Harness): Promise<void> {
  for (let n = 0; n < harness.count(50, 5); n++) {
    const { peer } = await harness.startPeer({
      topics: { here: { presence: true, data: "fine" }, "latest:1": {} },
    });
    const publishes = ["throws", "rejects", "handled"].map((type, i) => ({
      type: "publish",
      id: i + 1,
      topic: "here",
      message: { type },
    }));
    const latest = {
      type: "publish",
      id: 4,
      topic: "latest:1",
      message: { type: "handled" },
    };
    const requests = ["fails", "rejects", "refuses", "circle"].map((
      method,
      i,
    ) => ({ type: "request", id: 5 + i, method }));
    const presence = { type: "presence", id: 9, topic: "here", data: "bad" };
    for (const frame of [...publishes, latest, ...requests, presence]) {
      await peer.sendJson(frame);
    }
    const plain = await harness.connect();
    await plain.sendJson({ type: "throws" });
    await plain.sendJson({ type: "handled" });
    let answers = 0;
    while (answers < 9) {
      const { type } = await peer.json();
      if (type === "ack" || type === "error" || type === "reply") answers++;
    }
    peer.drop();
    plain.drop();
  }
  // The end of a connection calls hooks too.
  await harness.until(({ connections }) => connections < 10, 3_000);
  harness.check("answered", true, "each frame was answered");
}

export const failingRow: Row = {
  name: "failing-program",
  expected:
    "hooks, validators and handlers that throw or reject cost at most a message or a connection",
  target: { failing: true },
  run: callFailingProgram,
  control: {
    how: "a handler that throws in a later turn of the event loop",
    fails: "alive",
    target: { failing: "unguarded" },
  },
};

const DESCRIPTORS = 64;

export const descriptorsRow: Row = {
  name: "no-descriptors",
  expected:
    `with all ${DESCRIPTORS} descriptors in use, peers are served; new ones are accepted when descriptors are free again`,
  target: { descriptors: DESCRIPTORS },
  async run(harness) {
    const before = await harness.snapshot();
    for (let n = 0; n < 2 * DESCRIPTORS; n++) {
      // Refused while the server does not listen.
      await harness.openTcp().catch(() => {});
    }
    // The witness clients check the deliveries meanwhile.
    await delay(harness.count(3_000, 300));
    await harness.endAttack();
    // Until the runtime has closed the connections of the attack, it may run out of descriptors and stop listening again.
    await harness.until(
      ({ descriptors }) => descriptors <= before.descriptors,
      8_000,
    );
    const end = performance.now() + 8_000;
    const isHealthy = async (): Promise<boolean> => {
      while (performance.now() < end) {
        const answer = await rawHttp(
          harness.port,
          "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        ).catch(() => "");
        if (answer.endsWith("ok\n")) return true;
        await delay(50);
      }
      return false;
    };
    const listens = await isHealthy();
    harness.check(
      "listens again",
      listens,
      listens ? "listens again" : "does not listen",
    );
  },
  notOn: { strict: "stops accepting for good" },
  control: {
    how: "a server that does not listen again",
    fails: "listens again",
    target: { descriptors: DESCRIPTORS, listensOnce: true },
  },
};

/** A shell command that runs its arguments with the output on a full disk. */
const ON_FULL_DISK = `exec "$0" "$@" > /dev/full 2>&1`;

export const fullDisk: Row = {
  name: "full-disk-under-the-log",
  expected: "the command line continues to serve with its output on /dev/full",
  async run(harness) {
    // The printed port cannot be read: the test has to choose a free one.
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    const process = new Deno.Command("/bin/sh", {
      args: [
        "-c",
        ON_FULL_DISK,
        Deno.execPath(),
        ...START,
        "--port",
        `${port}`,
      ],
      cwd: new URL("../../../../", import.meta.url),
    }).spawn();
    const url = `http://127.0.0.1:${port}/healthz`;
    let health = "";
    const ended = process.status.then(({ code }) => health ||= `ended ${code}`);
    while (health === "") {
      health = await fetch(url).then((one) => one.text(), async () => {
        await delay(50);
        return health;
      });
    }
    let acked = "no ack";
    if (health === "ok\n") {
      const peer = await WirePeer.v1(port);
      // The protocol allows a publish only after `start`.
      await peer.next();
      const message = { type: "chat", text: "x" };
      peer.send({ type: "publish", id: 1, topic: "lobby", message });
      acked = (await peer.until(({ type }) => type === "ack")).at(-1).type;
      await peer[Symbol.asyncDispose]();
      process.kill("SIGTERM");
    }
    const { code } = await process.status;
    await ended;
    harness.check(
      "serves",
      health === "ok\n" && acked === "ack" && code === 0,
      `${health.trim()}, ${acked}, exit ${code}`,
    );
  },
  control: {
    how: "a program that does not catch errors of its log output",
    fails: "serves",
    async run(harness) {
      const { code } = await new Deno.Command("/bin/sh", {
        args: [
          "-c",
          ON_FULL_DISK,
          Deno.execPath(),
          "eval",
          "console.log('x'); console.log('y')",
        ],
      }).output();
      harness.check("serves", code === 0, `exit ${code}`);
    },
  },
};

async function stop(harness: Harness, keepsSending: boolean): Promise<void> {
  const attackers: Attacker[] = [];
  for (let n = 0; n < 20; n++) {
    attackers.push(await harness.startPeer({ topics: {} }));
  }
  const ping = () =>
    Promise.all(attackers.map(({ peer }) => peer.sendJson({ type: "ping" })));
  await ping();
  const ms = harness.count(5_000, 3_000);
  harness.server.signal("SIGSTOP");
  for (let waited = 0; waited < ms; waited += 500) {
    if (keepsSending) await ping();
    await delay(500);
  }
  harness.server.signal("SIGCONT");
  // The hub reads what arrived during the stop before it checks for silent peers.
  const until = keepsSending ? 500 : HEARTBEAT.timeoutMs + 1_500;
  const ids = new Set(attackers.map(({ id }) => id));
  const { closedPeers } = await harness.until(
    ({ closedPeers }) => closedPeers.some(({ id }) => ids.has(id)),
    until,
  );
  const closed = closedPeers.filter(({ id }) => ids.has(id)).length;
  harness.check(
    "no peer closed",
    closed === 0,
    `stopped for ${ms} ms: ${closed} of ${ids.size} closed`,
  );
}

export const stopped: Row = {
  name: "sigstop",
  expected: "after a stop of 5 s the hub closes no peer that sent meanwhile",
  run: (harness) => stop(harness, true),
  control: {
    how: "silent peers",
    fails: "no peer closed",
    run: (harness) => stop(harness, false),
  },
};

const HOUR_MS = 3_600_000;

async function jump(harness: Harness): Promise<void> {
  const topic = "hours";
  const { peer, id } = await harness.startPeer({ topics: { [topic]: {} } });
  const stays = await harness.startPeer({ topics: {} });
  const message = { type: "chat" };
  await peer.sendJson({ type: "publish", id: 1, topic, message });
  while ((await peer.json()).type !== "ack");
  const detached = await WirePeer.v1(harness.port, { topics: {} });
  const { session } = await detached.next();
  detached.socket.close(4000);
  await detached.closed;
  const wrong: string[] = [];
  for (const ms of [HOUR_MS, -HOUR_MS, 0]) {
    const { closedPeers } = await harness.snapshot(`jump ${ms}`);
    await stays.peer.sendJson({ type: "ping" });
    await peer.sendJson({ type: "ping" });
    // Longer than the interval at which the hub trims logs and forgets topics.
    await delay(300);
    const ids = [id, stays.id];
    if (closedPeers.some((one) => ids.includes(one.id))) wrong.push("closed");
    await peer.sendJson({ type: "history", id: 9, topic, from: 0, limit: 9 });
    let answer = await peer.json();
    while (answer.type !== "reply") answer = await peer.json();
    if (answer.data.records.length !== 1) wrong.push("a record expired");
    const again = await WirePeer.v1(harness.port, { topics: {}, session });
    if ((await again.next()).resumed !== true) wrong.push("a session expired");
    again.socket.close(4000);
    await again.closed;
  }
  harness.check(
    "nothing expires early",
    wrong.length === 0,
    wrong.length === 0
      ? "an hour forward and back, nothing expired"
      : wrong.join(", "),
  );
}

export const wallClock: Row = {
  name: "wall-clock-jump",
  expected:
    "the clock jumps an hour forward and back: no peer is closed, no session and no record expires",
  target: { keepMs: 5_000 },
  run: jump,
  control: {
    how: "sessions and records that expire after 50 ms",
    fails: "nothing expires early",
    target: { keepMs: 50 },
  },
};
