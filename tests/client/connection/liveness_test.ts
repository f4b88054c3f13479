import { assertEquals } from "@std/assert";
import {
  Liveness,
  selectHeartbeat,
} from "../../../client/connection/liveness.ts";
import { FakeClock } from "../fake_clock.ts";

const settings = { intervalMs: 10_000, timeoutMs: 25_000 };

/** Returns a heartbeat whose pings and timeout are recorded with their times. */
function watched(
  heartbeat = settings,
): { clock: FakeClock; liveness: Liveness; log: [string, number][] } {
  const clock = new FakeClock();
  const born = clock.now();
  const log: [string, number][] = [];
  const liveness = new Liveness(clock, heartbeat, {
    ping: (_isRequested, sent) => {
      sent();
      log.push(["ping", clock.now() - born]);
    },
    timedOut: () => void log.push(["dead", clock.now() - born]),
  });
  return { clock, liveness, log };
}

Deno.test("pings every interval, and times out after silence", () => {
  const { clock, log } = watched();
  clock.tick(60_000);
  assertEquals(log, [["ping", 10_000], ["ping", 20_000], ["dead", 25_000]]);
  assertEquals(clock.pending, 0);
});

Deno.test("every received frame restarts the timeout, and the pings continue", () => {
  const { clock, liveness, log } = watched();
  for (let i = 0; i < 6; i++) {
    clock.tick(9_000);
    liveness.received();
  }
  assertEquals(log.map(([what]) => what), [
    "ping",
    "ping",
    "ping",
    "ping",
    "ping",
  ]);
  clock.tick(24_999);
  assertEquals(log.filter(([what]) => what === "dead"), []);
  clock.tick(1);
  assertEquals(log.at(-1), ["dead", 79_000]);
});

Deno.test("the round trip is the time from the oldest ping to its pong", () => {
  const { clock, liveness } = watched();
  liveness.ping();
  clock.tick(30);
  liveness.ping(true);
  clock.tick(12);
  assertEquals(liveness.pong(), { rttMs: 42, isRequested: false });
  assertEquals(liveness.pong(), { rttMs: 12, isRequested: true });
  assertEquals(liveness.pong(), undefined);
  liveness.stop();
});

Deno.test("a late timer sends a ping before it times out", () => {
  const { clock, liveness, log } = watched();
  clock.freeze(600_000);
  assertEquals(log, [["ping", 600_000]]);
  clock.tick(4_999);
  assertEquals(log.length, 1);
  liveness.received();
  clock.tick(20_000);
  assertEquals(log.filter(([what]) => what === "dead"), []);
  liveness.stop();
});

Deno.test("times out five seconds after a freeze without an answer", () => {
  const { clock, log } = watched();
  clock.freeze(600_000);
  clock.tick(5_000);
  assertEquals(log, [["ping", 600_000], ["dead", 605_000]]);
  assertEquals(clock.pending, 0);
});

Deno.test("times out at the second of two throttled timers", () => {
  const { clock, log } = watched();
  clock.freeze(60_000);
  clock.freeze(60_000);
  assertEquals(log, [["ping", 60_000], ["dead", 120_000]]);
});

Deno.test("a freeze that is shorter than the timeout changes nothing", () => {
  const { clock, liveness, log } = watched();
  clock.freeze(24_000);
  assertEquals(log, [["ping", 24_000]]);
  clock.tick(999);
  assertEquals(log.length, 1);
  clock.tick(1);
  assertEquals(log.at(-1), ["dead", 25_000]);
  liveness.stop();
});

Deno.test("a probe times out after five seconds, and a second probe does not extend it", () => {
  const { clock, liveness, log } = watched();
  clock.tick(1_000);
  liveness.probe();
  clock.tick(2_000);
  liveness.probe();
  assertEquals(log, [["ping", 1_000]]);
  clock.tick(3_000);
  assertEquals(log.at(-1), ["dead", 6_000]);
});

Deno.test("an answer ends the probe", () => {
  const { clock, liveness, log } = watched();
  liveness.probe();
  clock.tick(100);
  liveness.received();
  clock.tick(9_000);
  assertEquals(log.map(([what]) => what), ["ping"]);
  liveness.probe();
  assertEquals(log.length, 2);
  liveness.stop();
  assertEquals(clock.pending, 0);
});

Deno.test("sends nothing after stop()", () => {
  const { clock, liveness, log } = watched();
  liveness.stop();
  liveness.probe();
  clock.tick(100_000);
  assertEquals(log, []);
});

Deno.test("without a heartbeat there is no timer and no probe, and pings are still measured", () => {
  const { clock, liveness, log } = watched(selectHeartbeat(false));
  assertEquals(clock.pending, 0);
  liveness.probe();
  assertEquals(log, []);
  liveness.ping(true);
  clock.tick(7);
  assertEquals(liveness.pong(), { rttMs: 7, isRequested: true });
});

Deno.test("the program's heartbeat precedes the server's, and the server's the default", () => {
  assertEquals(selectHeartbeat({}), settings);
  assertEquals(selectHeartbeat({}, { intervalMs: 2_000, timeoutMs: 5_000 }), {
    intervalMs: 2_000,
    timeoutMs: 5_000,
  });
  assertEquals(
    selectHeartbeat({ intervalMs: 1_000 }, {
      intervalMs: 2_000,
      timeoutMs: 5_000,
    }),
    {
      intervalMs: 1_000,
      timeoutMs: 5_000,
    },
  );
  assertEquals(selectHeartbeat(false, { intervalMs: 2_000 }), {
    intervalMs: Infinity,
    timeoutMs: Infinity,
  });
});

Deno.test("the program's value stays where it contradicts the server's", () => {
  assertEquals(selectHeartbeat({ intervalMs: 60_000 }), {
    intervalMs: 60_000,
    timeoutMs: 150_000,
  });
  assertEquals(selectHeartbeat({ timeoutMs: 5_000 }), {
    intervalMs: 2_000,
    timeoutMs: 5_000,
  });
});

Deno.test("replaces invalid or tiny heartbeats of a hostile server", () => {
  assertEquals(selectHeartbeat({}, { intervalMs: 0, timeoutMs: 0 }), {
    intervalMs: 100,
    timeoutMs: 250,
  });
  assertEquals(
    selectHeartbeat({}, { intervalMs: "x", timeoutMs: NaN }),
    settings,
  );
  assertEquals(selectHeartbeat({}, { intervalMs: -1, timeoutMs: Infinity }), {
    intervalMs: 100,
    timeoutMs: 25_000,
  });
});
