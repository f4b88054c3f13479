import { assertEquals, assertGreater } from "@std/assert";
import { defineMessages } from "../../messages.ts";
import { serve, type ServeOptions, type Server } from "../../server.ts";
import { WirePeer } from "./wire_peer.ts";

/** What a program may do wrong. An exception or a rejection that nobody catches fails the test, as it would end a process. */
const FAILURES: Readonly<Record<string, () => never | Promise<never>>> = {
  throws: () => {
    throw new Error("of the program's");
  },
  rejects: () => Promise.reject(new Error("of the program's")),
};

/** A program's function that fails, of whatever type. */
// deno-lint-ignore no-explicit-any -- it stands for functions of every type.
type Failing = any;

interface Case {
  readonly words: string;
  /** The options with which something fails. */
  options?(fail: Failing): Partial<ServeOptions>;
  /** What the program adds. */
  prepare?(server: Server, fail: Failing): void;
}

const chat = (value: unknown): value is { text: string } =>
  typeof (value as { text?: unknown }).text === "string";

const anything = (_: unknown): _ is unknown => true;

/** A contract with one validator that fails. */
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
  { words: "onOpen", options: (onOpen) => ({ onOpen }) },
  { words: "onClose", options: (onClose) => ({ onClose }) },
  { words: "onPresence", options: (onPresence) => ({ onPresence }) },
  {
    words: "onError, at an error",
    options: (onError) => ({ onError, onOpen: onError }),
  },
  {
    words: "a message's validator",
    options: (fail) => contract(fail, "message"),
  },
  {
    words: "a request's validator",
    options: (fail) => contract(fail, "request"),
    prepare: ({ hub }) => void hub.handle("ask", () => 1),
  },
  {
    words: "presence's validator",
    options: (fail) => contract(fail, "presence"),
  },
  {
    words: "a key of a topic",
    options: (key) => ({ topics: { "price:*": { lag: "latest", key } } }),
  },
  {
    words: "a handler of messages",
    prepare: ({ hub }, fail) => void hub.on("other", fail),
  },
  {
    words: "a handler of requests",
    prepare: ({ hub }, fail) => void hub.handle("ask", fail),
  },
];

/** Does everything that calls the program, and waits for the last answer. */
async function provoke(peer: WirePeer): Promise<void> {
  const message = { type: "other", text: "x" };
  const frames = [
    { type: "publish", id: 1, topic: "lobby", message },
    { type: "publish", id: 2, topic: "price:1", message },
    { type: "subscribe", id: 3, topic: "room", presence: true, data: 1 },
    { type: "request", id: 4, method: "ask", data: 1 },
  ];
  for (const frame of frames) peer.send(frame);
  const left = new Set([1, 2, 3, 4]);
  await peer.until(({ id }) => {
    left.delete(id);
    return left.size === 0;
  });
}

for (const [how, fail] of Object.entries(FAILURES)) {
  for (const { words, options, prepare } of CASES) {
    Deno.test(`${words} that ${how} costs no connection, and the server lives`, async () => {
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
      const message = { type: "chat", text: "still here" };
      fresh.send({ type: "publish", id: 9, topic: "lobby", message });
      await bystander.until(({ messages }) =>
        messages?.some((one: { message: { text?: string } }) =>
          one.message?.text === message.text
        )
      );
      // Rejections are told in a turn of their own.
      await new Promise((resolve) => setTimeout(resolve));
      assertGreater(errors.length, 0, "it was never called");
      assertEquals(server.hub.stats().connections, 2);
    });
  }
}
