import { assert, assertEquals, assertMatch } from "@std/assert";
import { lineLogger, logs } from "../../../adapters/observe/logtape.ts";
import { PROTOCOL } from "../../../messages.ts";
import { unconnectedSocket } from "../../hub/unconnected_socket.ts";
import { FakeClock } from "../../hub/fake_clock.ts";
import { type InMemory, inMemory } from "../../hub/in_memory.ts";

/** Runs a test with a hub that logs, and returns the lines. */
async function logged(
  run: (hub: InMemory, clock: FakeClock) => unknown,
  format: "json" | "text" = "json",
): Promise<string[]> {
  let log = "";
  const clock = new FakeClock();
  const logger = lineLogger({ format, write: (line) => log += line });
  const hub = inMemory();
  hub.hub.observe(logs({ logger, clock }));
  await run(hub, clock);
  await hub[Symbol.asyncDispose]();
  assertEquals(clock.timers, 0, "a timer still runs");
  assert(log.endsWith("\n"));
  return log.trimEnd().split("\n");
}

const eventsOf = (lines: readonly string[]) =>
  lines.map((line) => JSON.parse(line).event);

/** Characters that end, begin or hide a line in some viewer. */
const HOSTILE =
  'a\r\n{"level":"fatal","event":"forged"}\u2028b\u2029c\u0085d\u001b[2Je\u202ef\u007fgh"i\\';

// deno-lint-ignore no-control-regex -- the control characters are the subject.
const CLEAN = /^[^\u0000-\u001f\u007f-\u009f\u2028-\u202e]*$/;

for (const format of ["json", "text"] as const) {
  Deno.test(`writes hostile fields as one line of ${format}, without a control character`, async () => {
    const lines = await logged(({ hub }) => {
      const hostile = { address: HOSTILE, path: HOSTILE, origin: HOSTILE };
      hub.transport.refused({ status: 403, ...hostile, userAgent: HOSTILE });
      hub.transport.report(new Error(HOSTILE), "handler");
      hub.transport.attach(unconnectedSocket, {
        protocol: "",
        url: HOSTILE,
        address: HOSTILE,
      })
        .closed(3000, HOSTILE);
    }, format);
    assertEquals(lines.length, 5);
    for (const line of lines) assertMatch(line, CLEAN);
    if (format === "text") {
      return assertEquals(
        lines.map((line) => line.split(" ").slice(1, 3).join(" ")),
        [
          "WARNING refused",
          "ERROR failed",
          "INFO opened",
          "INFO closed",
          "INFO ended",
        ],
      );
    }
    const [refused, failed, , closed] = lines.map((line) => JSON.parse(line));
    assertEquals([refused.level, refused.event], ["warning", "refused"]);
    // Every character is kept, escaped.
    assertEquals(
      [refused.origin, refused.userAgent, refused.path, closed.reason],
      Array(4).fill(HOSTILE),
    );
    assertEquals([failed.message, failed.stage], [HOSTILE, "handler"]);
  });
}

Deno.test("truncates long fields", async () => {
  const [line = ""] = await logged(({ hub }) =>
    hub.transport.refused({
      status: 403,
      address: "a",
      path: "/".repeat(100_000),
    })
  );
  assertEquals(JSON.parse(line).path.length, 301);
});

Deno.test("never logs tokens, sessions, queries and messages", async () => {
  const secret = "s3cret";
  const lines = await logged(async ({ hub }) => {
    const url = `http://hub.test/ws?token=${secret}#${secret}`;
    const sent: string[] = [];
    const socket = {
      ...unconnectedSocket,
      send: (data: string) => void sent.push(data),
    };
    const inbound = hub.transport.attach(socket as typeof unconnectedSocket, {
      protocol: PROTOCOL,
      url,
      address: "192.0.2.1",
    });
    inbound.receive(
      JSON.stringify({ type: "hello", token: secret, topics: {} }),
    );
    while (sent.length === 0) await Promise.resolve();
    const { session } = JSON.parse(sent[0]!);
    inbound.receive(JSON.stringify({
      type: "publish",
      id: 1,
      topic: secret,
      message: { type: "chat", text: secret },
    }));
    inbound.receive(secret);
    inbound.closed(1006, "");
    assertMatch(session, /^[\w-]{12}\.[\w-]{24}$/);
  });
  assertEquals(eventsOf(lines), ["opened", "closed", "ended"]);
  const [opened, closed] = lines.map((line) => JSON.parse(line));
  assertEquals([opened.connection, closed.connection], [1, 1]);
  assertEquals([closed.path, closed.peer.length], ["/ws", 12]);
  const log = lines.join("\n");
  assertEquals(log.includes(secret), false, log);
  // The public id only: a dot and 24 characters would be the secret.
  assertEquals(/[\w-]{12}\.[\w-]{24}/.test(log), false, log);
});

Deno.test("logs ten of many refused handshakes, and the number of the others", async () => {
  const lines = await logged(({ hub }, clock) => {
    for (let n = 0; n < 10_000; n++) {
      hub.transport.refused({ status: 403, address: "a", path: "/ws" });
    }
    clock.advance(10_000);
    hub.transport.refused({ status: 429, address: "a", path: "/ws" });
    for (let n = 0; n < 20; n++) {
      hub.transport.refused({ status: 403, address: "a", path: "/ws" });
    }
  });
  const refused = lines.map((line) => JSON.parse(line));
  assertEquals(
    refused.filter(({ event }) => event === "refused").length,
    20,
  );
  // The end of the hub ends the last window.
  assertEquals(
    refused.filter(({ more }) => more !== undefined).map(({ more }) => more),
    [9_990, 11],
  );
});

Deno.test("logs the steps of a drain", async () => {
  const lines = await logged(({ hub, clock }) => {
    hub.transport.attach(unconnectedSocket, {
      protocol: "",
      url: "http://a/ws",
      address: "",
    });
    void hub.drain({ overMs: 0 });
    clock.advance(20);
  });
  assertEquals(eventsOf(lines), ["opened", "draining", "closed", "ended"]);
  assertEquals(JSON.parse(lines[1]!).connections, 1);
});

const OUTPUTS: Readonly<Record<string, () => void>> = {
  throws: () => {
    throw new Error("Disk is full");
  },
  rejects: () => Promise.reject(new Error("Disk is full")),
};

for (const [failure, write] of Object.entries(OUTPUTS)) {
  Deno.test(`ignores an output that ${failure}`, async () => {
    const logger = lineLogger({ format: "json", write });
    await using hub = inMemory();
    hub.hub.observe(logs({ logger, clock: new FakeClock() }));
    const peer = hub.plain();
    peer.send({ type: "chat" });
    hub.flush();
    assertEquals(peer.read(), [{ type: "chat" }]);
  });
}
