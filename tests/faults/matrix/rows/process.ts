/** What befalls the process itself, or the program around the hub. */
import { rawHttp } from "../../../raw_peer.ts";
import { START } from "../../../server/spawned.ts";
import { WirePeer } from "../../../server/wire_peer.ts";
import { type Arena, type Attacker, pause } from "../harness.ts";
import { HEARTBEAT } from "../target.ts";
import type { Row } from "../row.ts";

/** Everything that makes a failing program fail, by peers of their own. */
async function provoke(arena: Arena): Promise<void> {
  for (let n = 0; n < arena.many(50, 5); n++) {
    const { peer } = await arena.join({
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
    const plain = await arena.connect();
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
  // Their leaving calls hooks, too.
  await arena.until(({ connections }) => connections < 10, 3_000);
  arena.check("answered", true, "each frame has its answer");
}

export const failingRow: Row = {
  name: "failing-program",
  expected:
    "hooks, validators, handlers that throw or reject cost a message, or a connection at most",
  target: { failing: true },
  run: provoke,
  control: {
    how: "a handler that throws in a turn of its own",
    fails: "lives",
    target: { failing: "unguarded" },
  },
};

const DESCRIPTORS = 64;

export const descriptorsRow: Row = {
  name: "no-descriptors",
  expected:
    `with ${DESCRIPTORS} descriptors, all of them taken: peers are served, and newcomers again when they are given back`,
  target: { descriptors: DESCRIPTORS },
  async run(arena) {
    for (let n = 0; n < 2 * DESCRIPTORS; n++) {
      // Refused when nobody listens.
      await arena.dial().catch(() => {});
    }
    // The bystanders talk all the while.
    await pause(arena.many(3_000, 300));
    await arena.retreat();
    const end = performance.now() + 8_000;
    const healthy = async (): Promise<boolean> => {
      while (performance.now() < end) {
        const answer = await rawHttp(
          arena.port,
          "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        ).catch(() => "");
        if (answer.endsWith("ok\n")) return true;
        await pause(50);
      }
      return false;
    };
    const isBack = await healthy();
    arena.check(
      "listens again",
      isBack,
      isBack ? "listens again" : "does not listen",
    );
  },
  notOn: { strict: "stops accepting for good" },
  control: {
    how: "a server that does not listen again",
    fails: "listens again",
    target: { descriptors: DESCRIPTORS, staysDeaf: true },
  },
};

const OUTPUT_GONE = `exec "$0" "$@" > /dev/full 2>&1`;

export const fullDisk: Row = {
  name: "full-disk-under-the-log",
  expected: "the command line serves on with its output on /dev/full",
  async run(arena) {
    // A free port is known only by listening: what is printed cannot be read.
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    const process = new Deno.Command("/bin/sh", {
      args: [
        "-c",
        OUTPUT_GONE,
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
        await pause(50);
        return health;
      });
    }
    let acked = "no ack";
    if (health === "ok\n") {
      const peer = await WirePeer.v1(port);
      const message = { type: "chat", text: "x" };
      peer.send({ type: "publish", id: 1, topic: "lobby", message });
      acked = (await peer.until(({ type }) => type === "ack")).at(-1).type;
      await peer[Symbol.asyncDispose]();
      process.kill("SIGTERM");
    }
    const { code } = await process.status;
    await ended;
    arena.check(
      "serves",
      health === "ok\n" && acked === "ack" && code === 0,
      `${health.trim()}, ${acked}, exit ${code}`,
    );
  },
  control: {
    how: "a program that logs and guards nothing",
    fails: "serves",
    async run(arena) {
      const { code } = await new Deno.Command("/bin/sh", {
        args: [
          "-c",
          OUTPUT_GONE,
          Deno.execPath(),
          "eval",
          "console.log('x'); console.log('y')",
        ],
      }).output();
      arena.check("serves", code === 0, `exit ${code}`);
    },
  },
};

async function stop(arena: Arena, keepsTalking: boolean): Promise<void> {
  const attackers: Attacker[] = [];
  for (let n = 0; n < 20; n++) attackers.push(await arena.join({ topics: {} }));
  const ping = () =>
    Promise.all(attackers.map(({ peer }) => peer.sendJson({ type: "ping" })));
  await ping();
  const ms = arena.many(5_000, 3_000);
  arena.server.signal("SIGSTOP");
  for (let waited = 0; waited < ms; waited += 500) {
    if (keepsTalking) await ping();
    await pause(500);
  }
  arena.server.signal("SIGCONT");
  // What came in while it slept is read before anybody is judged by the silence.
  const until = keepsTalking ? 500 : HEARTBEAT.timeoutMs + 1_500;
  const ids = new Set(attackers.map(({ id }) => id));
  const { departed } = await arena.until(
    ({ departed }) => departed.some(({ id }) => ids.has(id)),
    until,
  );
  const out = departed.filter(({ id }) => ids.has(id)).length;
  arena.check(
    "nobody evicted",
    out === 0,
    `stopped for ${ms} ms: ${out} of ${ids.size} evicted`,
  );
}

export const stopped: Row = {
  name: "sigstop",
  expected:
    "a process that was stopped for 5 s evicts nobody of those who talked meanwhile",
  run: (arena) => stop(arena, true),
  control: {
    how: "they are silent, and stay so",
    fails: "nobody evicted",
    run: (arena) => stop(arena, false),
  },
};

const HOUR_MS = 3_600_000;

async function jump(arena: Arena): Promise<void> {
  const topic = "hours";
  const { peer, id } = await arena.join({ topics: { [topic]: {} } });
  const stays = await arena.join({ topics: {} });
  const message = { type: "chat" };
  await peer.sendJson({ type: "publish", id: 1, topic, message });
  while ((await peer.json()).type !== "ack");
  const parting = await WirePeer.v1(arena.port, { topics: {} });
  const { session } = await parting.next();
  parting.socket.close(4000);
  await parting.closed;
  const wrong: string[] = [];
  for (const ms of [HOUR_MS, -HOUR_MS, 0]) {
    const { departed } = await arena.look(`jump ${ms}`);
    await stays.peer.sendJson({ type: "ping" });
    await peer.sendJson({ type: "ping" });
    // More than one beat of the heart, which also trims logs and forgets topics.
    await pause(300);
    const ids = [id, stays.id];
    if (departed.some((one) => ids.includes(one.id))) wrong.push("evicted");
    await peer.sendJson({ type: "history", id: 9, topic, from: 0, limit: 9 });
    let answer = await peer.json();
    while (answer.type !== "reply") answer = await peer.json();
    if (answer.data.records.length !== 1) wrong.push("the log lost a record");
    const again = await WirePeer.v1(arena.port, { topics: {}, session });
    if ((await again.next()).resumed !== true) wrong.push("a session ended");
    again.socket.close(4000);
    await again.closed;
  }
  arena.check(
    "nothing ends early",
    wrong.length === 0,
    wrong.length === 0 ? "an hour forth and back, nothing ended" : `${wrong}`,
  );
}

export const wallClock: Row = {
  name: "wall-clock-jump",
  expected:
    "an hour forth and back: nobody evicted, sessions and logs keep their time",
  target: { keepMs: 5_000 },
  run: jump,
  control: {
    how: "sessions and records live for 50 ms",
    fails: "nothing ends early",
    target: { keepMs: 50 },
  },
};
