import { assertEquals, assertThrows } from "@std/assert";
import { connect } from "../../client.ts";
import { defineMessages } from "../../messages.ts";
import { resolveOptions } from "../../client/options.ts";
import { FakeNet } from "./fake_socket.ts";

Deno.test("fills in the documented defaults", () => {
  const settings = resolveOptions({});
  assertEquals(settings.dialect, "v1");
  assertEquals(settings.lobby, true);
  assertEquals(settings.connectTimeoutMs, 8_000);
  assertEquals(settings.backoff, {
    minMs: 500,
    maxMs: 10_000,
    attempts: Infinity,
  });
  assertEquals(settings.outbox, {
    maxCount: 10_000,
    maxBytes: 1024 * 1024,
    maxAgeMs: 60_000,
  });
  assertEquals(settings.heartbeat, {});
  assertEquals(settings.WebSocket, WebSocket);
});

Deno.test("a given number replaces its default and no other one", () => {
  const { backoff, outbox, protocols } = resolveOptions({
    dialect: "plain",
    protocols: "chat",
    backoff: { minMs: 10, attempts: 3 },
    outbox: { maxCount: 0 },
  });
  assertEquals([backoff.minMs, backoff.maxMs, backoff.attempts], [
    10,
    10_000,
    3,
  ]);
  assertEquals([outbox.maxCount, outbox.maxAgeMs], [0, 60_000]);
  assertEquals(protocols, ["chat"]);
  assertEquals(
    resolveOptions({ dialect: "plain", protocols: ["a", "b"] }).protocols,
    ["a", "b"],
  );
  assertEquals(resolveOptions({ heartbeat: false }).heartbeat, false);
});

const wrong: [string, unknown, typeof TypeError | typeof RangeError, string][] =
  [
    [
      "an unknown name",
      { reconnect: true },
      TypeError,
      "'reconnect'",
    ],
    ["an unknown dialect", { dialect: "v2" }, TypeError, "'v2'"],
    [
      "a WebSocket that is not a constructor",
      { WebSocket: "ws" },
      TypeError,
      "WebSocket",
    ],
    [
      "a contract that defineMessages did not make",
      { contract: {} },
      TypeError,
      "defineMessages",
    ],
    ["a token that is a number", { token: 1 }, TypeError, "'token'"],
    ["subprotocols in v1", { protocols: "chat" }, TypeError, "plain"],
    ["a token in plain", { dialect: "plain", token: "t" }, TypeError, "plain"],
    [
      "a contract in plain",
      { dialect: "plain", contract: defineMessages({}) },
      TypeError,
      "plain",
    ],
    [
      "a backoff that is a string",
      { backoff: { minMs: "1" } },
      TypeError,
      "'backoff.minMs'",
    ],
    [
      "a backoff with an unknown name",
      { backoff: { min: 1 } },
      TypeError,
      "'backoff.min'",
    ],
    [
      "a negative wait",
      { backoff: { minMs: -1 } },
      RangeError,
      "'backoff.minMs'",
    ],
    ["a NaN", { outbox: { maxAgeMs: NaN } }, RangeError, "'outbox.maxAgeMs'"],
    [
      "a factor of the backoff",
      { backoff: { factor: 3 } },
      TypeError,
      "'backoff.factor'",
    ],
    [
      "a negative connect timeout",
      { connectTimeoutMs: -1 },
      RangeError,
      "'connectTimeoutMs'",
    ],
    [
      "a heartbeat of 0",
      { heartbeat: { intervalMs: 0 } },
      RangeError,
      "'heartbeat.",
    ],
    [
      "a timeout of 0",
      { heartbeat: { timeoutMs: 0 } },
      RangeError,
      "'heartbeat.",
    ],
    [
      "a timeout below the interval",
      { heartbeat: { intervalMs: 5, timeoutMs: 5 } },
      RangeError,
      "'heartbeat.",
    ],
  ];

for (const [what, options, ErrorClass, text] of wrong) {
  Deno.test(`refuses ${what} before it connects`, () => {
    const net = new FakeNet();
    const given = { WebSocket: net.WebSocket, ...options as object };
    assertThrows(() => connect("ws://hub.test/", given), ErrorClass, text);
    assertEquals(net.sockets.length, 0);
  });
}

Deno.test("undefined stands for the default, and an absent half of the heartbeat for the server's value", () => {
  const { backoff, heartbeat } = resolveOptions({
    backoff: { minMs: undefined as unknown as number },
    heartbeat: { intervalMs: 60_000 },
  });
  assertEquals([backoff.minMs, heartbeat], [500, { intervalMs: 60_000 }]);
});
