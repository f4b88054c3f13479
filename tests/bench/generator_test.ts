import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  buildGenerator,
  LoadError,
  NoCompilerError,
  runGenerator,
} from "../../bench/generator.ts";
import { measure } from "../../bench/measure.ts";
import { type Duty, type Peer, PEERS } from "../../bench/peers.ts";
import { flags } from "../../bench/scenarios.ts";
import { ServerProcess } from "../../bench/server_process.ts";
import { compiledTest } from "./compiler.ts";

/** bench/load/fail.h */
const EXIT_USAGE = 2;
const EXIT_CONNECTION = 3;
const EXIT_DELIVERY = 4;

const drumbeat = PEERS.find(({ name }) => name === "drumbeat")!;
const loop = PEERS.find(({ name }) => name === "loop")!;
/** A server that omits the 50th delivery. */
const dropping: Peer = {
  ...loop,
  command: (duty, port) => [...loop.command(duty, port).slice(0, -1), "drop"],
};
/** The messages end a run, not the time: a busy machine is slow. */
const tiny = { connections: 10, messages: 20, seconds: 600 };

async function run(
  peer: Peer,
  options: Readonly<Record<string, number | string>>,
  duty: Duty = "fan-out",
  ...more: readonly string[]
) {
  await buildGenerator();
  await using server = await ServerProcess.start(peer, duty);
  const { port, pid } = server;
  const { dialect } = peer;
  return await runGenerator([
    ...flags({ port, pid, dialect, ...options }),
    ...more,
  ]);
}

for (const peer of [loop, drumbeat]) {
  compiledTest(
    `${peer.name} delivers every message to all connections`,
    async () => {
      const { delivered, expected, p50Ms, p999Ms, maxMs } = await run(peer, {
        ...tiny,
        "in-flight": 8,
      });
      assertEquals(delivered, 200);
      assertEquals(expected, 200);
      assertEquals(p50Ms! > 0 && p50Ms! <= p999Ms!, true);
      // The histogram's buckets are 1.6 % wide.
      assertEquals(p999Ms! <= maxMs! * 1.02, true);
    },
  );

  compiledTest(`${peer.name} keeps topics apart`, async () => {
    const { delivered } = await run(peer, { ...tiny, groups: 5 });
    assertEquals(delivered, 5 * 2 * 20);
  });

  compiledTest(`${peer.name} replies with the data of a request`, async () => {
    const options = { ...tiny, groups: 10 };
    const replies = await run(peer, options, "request", "--request");
    assertEquals(replies.delivered, 200);
  });

  compiledTest(`${peer.name} answers every ping`, async () => {
    const { pings, connections } = await run(peer, {
      mode: "heartbeat",
      connections: 10,
      interval: 0.1,
      seconds: 0.5,
    }, "heartbeat");
    assertEquals(connections, 10);
    // A busy machine sends fewer than five for each connection; the run fails if one has no answer.
    assertEquals(pings! > 0 && pings! <= 51, true, String(pings));
  });
}

compiledTest(
  "messages are distributed over more topics than connections, each once and in order",
  async () => {
    const { delivered, expected, groups } = await run(
      drumbeat,
      { connections: 10, groups: 30, "in-flight": 4, seconds: 2 },
      "fan-out",
      "--round-robin",
    );
    assertEquals(groups, 30);
    assertEquals(delivered, expected);
    // Each of the 30 topics had a message.
    assertEquals(delivered! > 30, true, String(delivered));
  },
);

for (const peer of [loop, drumbeat]) {
  compiledTest(
    `${peer.name} delivers a chat of ten bytes, and data of 64 KiB`,
    async () => {
      for (const bytes of [35, 65_536]) {
        const { delivered } = await run(peer, { ...tiny, bytes });
        assertEquals(delivered, 200);
      }
    },
  );
}

compiledTest(
  "at a pace, latencies start at the planned time",
  async () => {
    // Ten messages at 50 a second take 180 ms on any server.
    const { delivered, seconds } = await run(loop, {
      ...tiny,
      messages: 10,
      pace: 50,
    });
    assertEquals(delivered, 100);
    assertEquals(seconds! >= 0.18, true, String(seconds));
  },
);

compiledTest("does not wait for a stalled reader", async () => {
  const { delivered } = await run(loop, { ...tiny, stalled: 1 });
  assertEquals(delivered, 9 * 20);
});

compiledTest(
  "clients that resume receive the messages that they missed",
  async () => {
    const options = { mode: "replay", connections: 10, messages: 100 };
    const { perSecond } = await run(drumbeat, options, "replay");
    assertEquals(perSecond! > 0, true);
  },
);

compiledTest(
  "all clients that reconnect after a restart resume",
  async () => {
    await buildGenerator();
    const { resumed, refused } = await measure({
      name: "restart",
      kind: "restart",
      duty: "restart",
      load: flags({ mode: "restart", connections: 10, messages: 5 }),
      metrics: [],
    }, drumbeat);
    assertEquals(resumed, 10);
    assertEquals(refused, 0);
  },
);

compiledTest("detects a missing delivery among others", async () => {
  const error = await assertRejects(() => run(dropping, tiny), LoadError);
  assertEquals(error.code, EXIT_DELIVERY);
  assertStringIncludes(error.message, "message 5 came where 4 was expected");
});

compiledTest(
  "detects a missing last delivery",
  async () => {
    const last = { ...tiny, messages: 5, timeout: 0.5 };
    const error = await assertRejects(() => run(dropping, last), LoadError);
    assertEquals(error.code, EXIT_DELIVERY);
    assertStringIncludes(error.message, "1 of 50 deliveries are missing");
  },
);

compiledTest(
  "detects missing deliveries between two servers that are not connected",
  async () => {
    await buildGenerator();
    await using second = await ServerProcess.start(loop, "fan-out");
    const apart = {
      ...tiny,
      messages: 5,
      timeout: 0.5,
      "second-port": second.port,
      "second-pid": second.pid,
    };
    const error = await assertRejects(() => run(loop, apart), LoadError);
    assertEquals(error.code, EXIT_DELIVERY);
    // Five of ten receive the first message and, since that is half of the expected deliveries, the second one.
    assertStringIncludes(error.message, "10 of 20 deliveries are missing");
  },
);

compiledTest("a server that cannot resume fails the run", async () => {
  const options = { mode: "replay", ...tiny, timeout: 0.5 };
  const error = await assertRejects(() => run(loop, options), LoadError);
  assertEquals(error.code, EXIT_DELIVERY);
});

compiledTest(
  "a refused connection and a wrong option end the run with different codes",
  async () => {
    await buildGenerator();
    const port = 1;
    const refused = await assertRejects(
      () => runGenerator(flags({ port })),
      LoadError,
    );
    assertEquals(refused.code, EXIT_CONNECTION);
    assertStringIncludes(refused.message, "refused");
    for (
      const [options, words] of [
        [{ port, speed: 1 }, "unknown option '--speed'"],
        [{ port, connections: 0 }, "--connections must be a number from 1"],
        [{ port, mode: "all" }, "--mode must not be 'all'"],
        [{ port, groups: 200 }, "there are fewer reading connections"],
        [{}, "--port is missing"],
      ] as const
    ) {
      const wrong = await assertRejects(
        () => runGenerator(flags(options)),
        LoadError,
      );
      assertEquals(wrong.code, EXIT_USAGE);
      assertStringIncludes(wrong.message, words);
    }
  },
);

Deno.test("without a compiler the error names the packages to install", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const error = await assertRejects(
      () => buildGenerator({ compiler: "no-such-cc", binary: `${folder}/a` }),
      NoCompilerError,
    );
    assertStringIncludes(error.message, "gcc and libc6-dev");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
