import { assertEquals, assertGreater } from "@std/assert";
import { defineMessages } from "../../messages.ts";
import { serve, type ServeOptions, type Server } from "../../server.ts";
import { RawPeer, RefusedError } from "../raw_peer.ts";
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
  /** Connects once more, to call what a connected peer does not call. */
  readonly attempt?: ((port: number) => Promise<unknown>) | undefined;
}

const chat = (value: unknown): value is { text: string } =>
  typeof (value as { text?: unknown }).text === "string";

const anything = (_: unknown): _ is unknown => true;

/** Returns a contract with one failing validator. */
function contract(
  fail: Failing,
  of: "message" | "request" | "presence",
) {
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

/** The methods of an observer that one of the frames, or the close of its peer, calls. */
const OBSERVED = [
  "opened",
  "closed",
  "refused",
  "failed",
  "flushed",
  "answered",
] as const;

/** A rule that fails for a topic of this test only: the bystanders use the lobby. */
function onlyOther(fail: Failing): Failing {
  return (_peer: unknown, topic: string) => topic === "lobby" || fail();
}

/** Sends a handshake of a page that is not allowed. */
async function fetchHandshake(port: number, origin: string): Promise<void> {
  try {
    (await RawPeer.connect(port, { headers: { origin } })).drop();
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
  }
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
  {
    name: "a rule of allow.subscribe",
    options: (fail) => ({ allow: { subscribe: onlyOther(fail) } }),
  },
  {
    name: "a rule of allow.publish",
    options: (fail) => ({ allow: { publish: onlyOther(fail) } }),
  },
  {
    name: "a rule of a grant",
    options: (fail) => ({
      authorize: () => ({ user: "ada", allow: { publish: onlyOther(fail) } }),
    }),
  },
  {
    name: "authorize",
    options: (fail) => ({
      authorize: ({ token }) => token === undefined ? { user: "ada" } : fail(),
    }),
    attempt: (port) => WirePeer.v1(port, { token: "x", topics: {} }),
  },
  {
    name: "origins",
    options: (fail) => ({ origins: fail }),
    attempt: async (port) => {
      const headers = { origin: "https://app.example" };
      const url = `http://127.0.0.1:${port}`;
      const init = { method: "POST", headers };
      const refused = await fetch(`${url}/ws`, init);
      assertEquals(await refused.text(), "The origin cannot be checked\n");
      assertEquals(refused.status, 503);
      const module = await fetch(`${url}/client.ts`, { headers });
      await module.body?.cancel();
      assertEquals(module.headers.get("access-control-allow-origin"), null);
    },
  },
  ...OBSERVED.map((name): Case => ({
    name: `the method '${name}' of an observer`,
    prepare: ({ hub }, fail) => {
      hub.handle("ask", () => 1);
      hub.on("other", () => {
        if (name === "failed") throw new Error("for the observer");
      });
      hub.observe({ [name]: fail });
    },
    attempt: name === "refused"
      ? async (port) => {
        await fetchHandshake(port, "https://app.example");
      }
      : undefined,
  })),
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
  for (const { name, options, prepare, attempt } of CASES) {
    Deno.test(`${name} that ${failure} closes no connection of others, and the server continues`, async () => {
      let failures = 0;
      const fails = () => {
        failures++;
        return fail();
      };
      const reported: string[] = [];
      await using server = serve({
        port: 0,
        onError: (error) => void reported.push((error as Error).message),
        ...options?.(fails),
      });
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
      await attempt?.(port);
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
      assertGreater(failures, 0, "The failing function was not called");
      if (!name.startsWith("onError")) {
        assertGreater(reported.length, 0, "onError was not called");
      }
      assertEquals(server.hub.stats().connections, 2);
    });
  }
}
