/** Attacks on the handshake. */
import { PROTOCOL } from "../../../../messages.ts";
import { closeCode, RawPeer, RefusedError } from "../../../raw_peer.ts";
import { within } from "../../within.ts";
import type { Harness } from "../harness.ts";
import type { Row } from "../row.ts";

const encoder = new TextEncoder();

/** Opens requests whose head does not end. */
async function halfHeads(harness: Harness): Promise<void> {
  const conns: Deno.TcpConn[] = [];
  for (let n = 0; n < harness.count(200, 20); n++) {
    const conn = await harness.openTcp();
    await conn.write(
      encoder.encode(`GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: ${n}`),
    );
    conns.push(conn);
  }
  const ended = conns.map(async (conn) => {
    const read = await conn.read(new Uint8Array(1024)).catch(() => null);
    return read === null || read > 0;
  });
  const withinMs = harness.transport === "strict"
    ? 8_000
    : harness.count(20_000, 500);
  const isClosed = await within(ended[0]!, withinMs) === true;
  harness.check(
    "head timeout",
    isClosed,
    isClosed ? "closed by the server" : `still open after ${withinMs} ms`,
  );
  harness.defer(() => Promise.all(ended));
}

export const halfHead: Row = {
  name: "half-request-head",
  expected: "the server closes the connections; every descriptor is freed",
  run: halfHeads,
  gaps: { deno: { "head timeout": "half a request head" } },
  control: {
    how: "a timeout of an hour",
    fails: "head timeout",
    target: { handshakeMs: 3_600_000 },
  },
};

/** Requests an upgrade. @returns the peer, or the status of the refusal. */
async function requestUpgrade(
  harness: Harness,
  headers: Readonly<Record<string, string>> = {},
  protocol?: string,
): Promise<RawPeer | number> {
  try {
    return await RawPeer.connect(harness.port, {
      headers,
      ...(protocol === undefined ? {} : { protocol }),
    });
  } catch (error) {
    if (error instanceof RefusedError) return error.status;
    throw error;
  }
}

const FROM_ONE_ADDRESS = 100;
/** The peers of the flood answer no pings, and a slow machine needs seconds to connect them. */
const PATIENT = { intervalMs: 60_000, timeoutMs: 120_000 };

export const connectionFlood: Row = {
  name: "connection-flood",
  expected:
    `at most ${FROM_ONE_ADDRESS} connections from one address, 429 for the others; nothing remains of closed ones`,
  target: {
    limits: { peersPerAddress: FROM_ONE_ADDRESS },
    heartbeat: PATIENT,
  },
  async run(harness) {
    const answers = new Map<number, number>();
    for (let n = 0; n < harness.count(1_000, 150); n++) {
      const answer = await requestUpgrade(harness);
      const status = typeof answer === "number" ? answer : 101;
      answers.set(status, (answers.get(status) ?? 0) + 1);
      if (typeof answer !== "number") harness.defer(() => answer.drop());
    }
    const { connections } = await harness.snapshot();
    harness.check(
      "bounded",
      connections === FROM_ONE_ADDRESS && [...answers.keys()].length === 2 &&
        answers.has(429),
      `${connections} connections; ${
        [...answers].map(([status, n]) => `${status}: ${n}`).join(", ")
      }`,
    );
    await harness.endAttack();
    await harness.until(({ connections }) => connections < 10, 5_000);
    for (let n = 0; n < harness.count(5_000, 200); n++) {
      const answer = await requestUpgrade(harness, {}, PROTOCOL);
      if (typeof answer !== "number") answer.drop();
    }
  },
  control: {
    how: "no limit per address",
    fails: "bounded",
    target: { heartbeat: PATIENT },
  },
};

/** Origin, Host if it differs from the server's, and the status with `origins: "same"`. */
const ORIGINS: readonly (readonly [string, string | undefined, number])[] = [
  ["http://127.0.0.1:{port}", undefined, 101],
  ["https://evil.example", undefined, 403],
  ["null", undefined, 403],
  ["", undefined, 403],
  ["http://127.0.0.1:{port}.evil.example", undefined, 403],
  ["http://evil.example/127.0.0.1:{port}", undefined, 403],
  ["http://127.0.0.1:{port}@evil.example", undefined, 403],
  ["http://127.0.0.1:1", undefined, 403],
  ["http://127.0.0.1:{port}/", undefined, 403],
  ["127.0.0.1:{port}", undefined, 403],
  ["file://", undefined, 403],
  ["http://localhost:{port}", undefined, 403],
  ["http://localhost:{port}", "localhost:{port}", 101],
  ["https://app.example", "app.example", 101],
  ["https://app.example", "app.example.evil.example", 403],
  ["http://127.0.0.1:{port} http://evil.example", undefined, 403],
];

async function wrongOrigins(harness: Harness): Promise<void> {
  const wrong: string[] = [];
  for (const [origin, host, expected] of ORIGINS) {
    const filled = (text: string) => text.replace("{port}", `${harness.port}`);
    const answer = await requestUpgrade(harness, {
      origin: filled(origin),
      ...(host === undefined ? {} : { host: filled(host) }),
    });
    const status = typeof answer === "number" ? answer : 101;
    if (typeof answer !== "number") answer.drop();
    if (status !== expected) wrong.push(`'${origin}': ${status}`);
  }
  harness.check(
    "table",
    wrong.length === 0,
    wrong.length === 0 ? `${ORIGINS.length} origins as documented` : `${wrong}`,
  );
  const count = harness.count(10_000, 400);
  let refused = 0;
  const half = async () => {
    const workers = Array.from({ length: 8 }, async () => {
      for (let n = 0; n < count / 16; n++) {
        const answer = await requestUpgrade(harness, {
          origin: "https://evil.example",
        });
        if (answer === 403) refused++;
        else if (typeof answer !== "number") answer.drop();
      }
    });
    await Promise.all(workers);
    return await harness.snapshot();
  };
  const before = await harness.snapshot("collect");
  const first = await half();
  const second = await half();
  harness.check("all 403", refused === count, `${refused} of ${count} are 403`);
  // The first half takes the memory of garbage between two collections. The second half must not add to it.
  const [took, more] = [first.peak - before.rss, second.peak - first.peak]
    .map((bytes) => bytes / 1024 ** 2);
  harness.check(
    "memory",
    more! < FLAT_MIB,
    `peak +${took!.toFixed(0)} MiB for the first half, +${
      more!.toFixed(0)
    } for the second`,
  );
}

/** The memory that the second half of the handshakes may add to the peak of the first. */
const FLAT_MIB = 16;

export const origins: Row = {
  name: "wrong-origins",
  expected:
    "16 kinds of Origin as documented; 10,000 handshakes with a wrong one: all 403, and constant memory",
  run: wrongOrigins,
  control: {
    how: "every origin allowed",
    fails: "all 403",
    target: { origins: "any" },
  },
};

/** Lists of subprotocols, and the answer: the chosen one (`""`: none) and the close code, or an HTTP status. */
const SUBPROTOCOLS: readonly (readonly [string, string | number])[] = [
  ["drumbeat.v1", "drumbeat.v1"],
  ["chat, drumbeat.v1", "drumbeat.v1"],
  ["drumbeat.v1, drumbeat.v2", "drumbeat.v1"],
  ["drumbeat.v2", "drumbeat.v2 4506"],
  ["drumbeat.v9, drumbeat.v2", "drumbeat.v9 4506"],
  ["chat", "chat open"],
  ["DRUMBEAT.V1", "DRUMBEAT.V1 open"],
  ["drumbeat.v1x", "drumbeat.v1x open"],
  ["drumbeat.", "drumbeat. open"],
  ["x".repeat(10_000), `${"x".repeat(10_000)} open`],
  [Array.from({ length: 500 }, (_, n) => `p${n}`).join(", "), "p0 open"],
  ["__proto__", "__proto__ open"],
];

async function lists(
  harness: Harness,
  table: typeof SUBPROTOCOLS,
): Promise<void> {
  const wrong: string[] = [];
  for (const [list, expected] of table) {
    const answer = await requestUpgrade(harness, {}, list);
    let found: string | number = answer as number;
    if (typeof answer !== "number") {
      found = /^sec-websocket-protocol: (.*)$/im.exec(answer.head)?.[1]
        ?.trim() ?? "";
      if (found === "" || found === PROTOCOL) answer.drop();
      else {
        const frame = await answer.frame();
        found += frame?.opcode === 8 ? ` ${closeCode(frame)}` : " open";
        answer.drop();
      }
    }
    if (found !== expected) wrong.push(`'${list.slice(0, 30)}': ${found}`);
  }
  harness.check(
    "table",
    wrong.length === 0,
    wrong.length === 0 ? `${table.length} lists as documented` : `${wrong}`,
  );
}

export const subprotocols: Row = {
  name: "subprotocol-lists",
  expected: "each list is answered as documented, and none ends the process",
  run: (harness) => lists(harness, SUBPROTOCOLS),
  control: {
    how: "the answer of the next list expected for each",
    fails: "table",
    run: (harness) =>
      lists(
        harness,
        SUBPROTOCOLS.map(([list], n) =>
          [list, SUBPROTOCOLS[(n + 1) % SUBPROTOCOLS.length]![1]] as const
        ),
      ),
  },
};
