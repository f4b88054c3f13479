import { assertEquals, assertGreater } from "@std/assert";
import { defineMessages } from "../../messages.ts";
import { serve, type ServeOptions, type Server } from "../../server.ts";
import { WirePeer } from "./wire_peer.ts";

/** The failures of a program. An unhandled one would fail the test, as it would end a process. */
const FAILURES: Readonly<Record<string, () => never | Promise<never>>> = {
  throws: () => {
    throw new Error("failure of the program");
  },
  rejects: () => Promise.reject(new Error("failure of the program")),
};

/** A function of the program that fails. */
// deno-lint-ignore no-explicit-any -- it stands for functions of every type.
type Failing = any;

interface Case {
  readonly name: string;
  /** Returns the options with the failing function. */
  options?(fail: Failing): Partial<ServeOptions>;
  /** Adds the failing function to a running server. */
  prepare?(server: Server, fail: Failing): void;
}

const chat = (value: unknown): value is { text: string } =>
  typeof (value as { text?: unknown }).text === "string";

const anything = (_: unknown): _ is unknown => true;

/** Returns a contract with one failing validator. */
function contract(fail: Failing, of: "message" | "request" | "presence") {
  return {
    contract: defineMessages(
      { chat, other: of === "message" ? fail : chat },
      {
        open: true,
        requests: {
          ask: { data: of === "request" ? fail : anything },
        },
        presence: of === "presence" ? fail : anything,
      },
    ),
  } as unknown as Partial<ServeOptions>;
}

const CASES: readonly Case[] = [
  { name: "onOpen", options: (onOpen) => ({ onOpen }) },
  { name: "onClose", options: (onClose) => ({ onClose }) },
  { name: "onPresence", options: (onPresence) => ({ onPresence }) },
  {
    name: "onError, called with an error,",
    options: (onError) => ({ onError, onOpen: onError }),
  },
  {
    name: "the validator of a message",
    options: (fail) => contract(fail, "message"),
  },
  {
    name: "the validator of a request",
    options: (fail) => contract(fail, "request"),
    prepare: ({ hub }) => void hub.handle("ask", () => 1),
  },
  {
    name: "the validator of presence data",
    options: (fail) => contract(fail, "presence"),
  },
  {
    name: "the key of a topic",
    options: (key) => ({ topics: { "price:*": { lag: "latest", key } } }),
  },
  {
    name: "a handler of messages",
    prepare: ({ hub }, fail) => void hub.on("other", fail),
  },
  {
    name: "a handler of requests",
    prepare: ({ hub }, fail) => void hub.handle("ask", fail),
  },
];

/** Sends a frame for each function of the program, and waits for the answers. */
async function provoke(peer: WirePeer): Promise<void> {
  const message = { type: "other", text: "x" };
  const frames = [
    { type: "publish", id: 1, topic: "lobby", message },
    { type: "publish", id: 2, topic: "price:1", message },
    { type: "subscribe", id: 3, topic: "room", presence: true, data: 1 },
    { type: "request", id: 4, method: "ask", data: 1 },
  ];
  for (const frame of frames) peer.send(frame);
  const unanswered = new Set([1, 2, 3, 4]);
  await peer.until(({ id }) => {
    unanswered.delete(id);
    return unanswered.size === 0;
  });
}

for (const [failure, fail] of Object.entries(FAILURES)) {
  for (const { name, options, prepare } of CASES) {
    Deno.test(`${name} that ${failure} closes no connection of others, and the server continues`, async () => {
      const errors: unknown[] = [];
      const fails = () => {
        errors.push("failed");
        return fail();
      };
      await using server = serve({ port: 0, ...options?.(fails) });
      prepare?.(server, fails);
      const { port } = server.addr;
      await using bystander = await WirePeer.v1(port, {
        topics: { lobby: {} },
      });
      await bystander.next();
      const peer = await WirePeer.v1(port, { topics: {} });
      await peer.next();
      await provoke(peer);
      await peer[Symbol.asyncDispose]();
      await using fresh = await WirePeer.v1(port, { topics: {} });
      await fresh.next();
      const message = { type: "chat", text: "still connected" };
      fresh.send({ type: "publish", id: 9, topic: "lobby", message });
      await bystander.until(({ messages }) =>
        messages?.some((one: { message: { text?: string } }) =>
          one.message?.text === message.text
        )
      );
      // Rejections are reported in a later turn.
      await new Promise((resolve) => setTimeout(resolve));
      assertGreater(errors.length, 0, "The failing function was not called");
      assertEquals(server.hub.stats().connections, 2);
    });
  }
}
