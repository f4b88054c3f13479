import { assertRejects } from "@std/assert";
import {
  type AnyMessages,
  type AnyRequests,
  type BinaryRecord,
  type Client,
  connect,
  DrumbeatError,
  type GapRecord,
  type HistoryPart,
  type Member,
  type MessageContext,
  type MessageOf,
  type MessageRecord,
  type Topic,
  type TopicPresence,
} from "../../client.ts";
import { defineMessages, type Guard } from "../../messages.ts";
import { handshake, harness } from "./harness.ts";

/** Compiles only where the two types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends
  (<T>() => T extends B ? 1 : 2) ? true : false;

/** Compiles only with `true`. */
function assertType<T extends true>(): T | void {}

interface Chat {
  readonly text: string;
}
interface Move {
  readonly x: number;
}
interface Cursor {
  readonly color: string;
}

const isChat: Guard<Chat> = (value): value is Chat =>
  typeof (value as Partial<Chat>).text === "string";
const isMove: Guard<Move> = (value): value is Move =>
  typeof (value as Partial<Move>).x === "number";
const isCursor: Guard<Cursor> = (value): value is Cursor =>
  typeof (value as Partial<Cursor> | null)?.color === "string";

const contract = defineMessages({ chat: isChat, move: isMove }, {
  presence: isCursor,
  requests: {
    rename: {
      data: (data): data is { name: string } =>
        typeof (data as { name?: unknown } | undefined)?.name === "string",
      reply: (reply): reply is boolean => typeof reply === "boolean",
    },
    list: { data: (data): data is undefined => data === undefined },
  },
});

/** Receives code that is compiled and not run: a client would connect. */
function compiles(_code: () => unknown): void {}

type Messages = { chat: Chat; move: Move };

Deno.test("the client's type parameters come from the contract", () => {
  compiles(() => {
    const client = connect("ws://hub.test", { contract });
    const topic: Topic<Messages, Cursor> = client.topic("lobby");
    assertType<
      Same<Parameters<typeof client.request>[0], "rename" | "list">
    >();
    // @ts-expect-error -- another contract's presence data.
    const other: Topic<Messages, { x: 1 }> = client.topic("lobby");
    // @ts-expect-error -- another contract's messages.
    const third: Topic<{ chat: { text: number } }, Cursor> = topic;
    return [other, third];
  });
});

Deno.test("without a contract, any message, request and presence data compiles", () => {
  compiles(() => {
    const client = connect("ws://hub.test");
    assertType<
      Same<typeof client, Client<AnyMessages, AnyRequests, unknown>>
    >();
    const lobby = client.topic("lobby");
    lobby.on("anything", ({ text }) => {
      assertType<Same<typeof text, unknown>>();
    });
    void lobby.publish({ type: "anything", text: 1 });
    void lobby.presence.set();
    void lobby.presence.set({ any: 1 });
    void client.request("anything");
    void client.request("anything", 1, { timeoutMs: 1 });
  });
});

Deno.test("publish takes one message of the contract, or bytes", () => {
  compiles(() => {
    const lobby = connect("ws://hub.test", { contract }).topic("lobby");
    assertType<
      Same<ReturnType<typeof lobby.publish>, Promise<number>>
    >();
    void lobby.publish({ type: "chat", text: "hi" }, { timeoutMs: 1 });
    void lobby.publish({ type: "move", x: 1 });
    void lobby.publish(new Uint8Array(1));
    void lobby.publish(new Blob());
    // @ts-expect-error -- the text is a string.
    void lobby.publish({ type: "chat", text: 1 });
    // @ts-expect-error -- a chat has a text.
    void lobby.publish({ type: "chat" });
    // @ts-expect-error -- the contract does not name the type.
    void lobby.publish({ type: "wave" });
    const type = "chat" as "chat" | "move";
    // @ts-expect-error -- a move has no text.
    void lobby.publish({ type, text: "hi" });
    // @ts-expect-error -- text is not bytes.
    void lobby.publish("text");
    // @ts-expect-error -- the option does not exist.
    void lobby.publish({ type: "move", x: 1 }, { timeout: 1 });
  });
});

Deno.test("handlers receive the contract's messages and one context", () => {
  compiles(() => {
    const client = connect("ws://hub.test", { contract });
    const lobby = client.topic("lobby");
    lobby.on("chat", (message, context) => {
      assertType<Same<typeof message.type, "chat">>();
      assertType<Same<typeof message.text, string>>();
      assertType<Same<typeof context, MessageContext>>();
    }, { once: true, signal: AbortSignal.timeout(1) });
    // @ts-expect-error -- the contract does not name the type.
    lobby.on("wave", () => {});
    // @ts-expect-error -- the option does not exist.
    lobby.on("chat", () => {}, { onse: true });
    lobby.onAny((message) => {
      if (message.type === "move") {
        assertType<Same<typeof message.x, number>>();
      } else assertType<Same<typeof message.text, string>>();
    });
    lobby.onBinary((payload, { from, at, offset, own, topic }) => {
      assertType<Same<typeof payload, Uint8Array<ArrayBuffer>>>();
      assertType<
        Same<
          [
            typeof from,
            typeof at,
            typeof offset,
            typeof own,
            typeof topic,
          ],
          [string, number, number, boolean, string]
        >
      >();
    });
    lobby.onGap((gap) => void assertType<Same<typeof gap, GapRecord>>());
    client.addEventListener("direct", ({ record }) => {
      if (record.kind === "record" && record.message.type === "chat") {
        assertType<Same<typeof record.message.text, string>>();
      }
    });
    client.addEventListener("rejected", ({ error }) => {
      assertType<Same<typeof error, unknown>>();
    });
  });
});

Deno.test("an open contract narrows by type", () => {
  const open = defineMessages({ chat: isChat }, { open: true });
  compiles(() => {
    const lobby = connect("ws://hub.test", { contract: open }).topic("lobby");
    lobby.onAny((message) => {
      if (message.type === "chat") {
        assertType<Same<typeof message.text, string>>();
      }
    });
    lobby.on(
      "chat",
      ({ text }) => void assertType<Same<typeof text, string>>(),
    );
    lobby.on("other", ({ x }) => void assertType<Same<typeof x, unknown>>());
    void lobby.publish({ type: "chat", text: "hi" });
    void lobby.publish({ type: "other", x: 1 });
    // @ts-expect-error -- the text is a string.
    void lobby.publish({ type: "chat", text: 1 });
  });
});

Deno.test("iterators and the history have the contract's messages", () => {
  compiles(async () => {
    const lobby = connect("ws://hub.test", { contract }).topic("lobby");
    for await (const record of lobby) {
      if (record.kind === "gap") {
        assertType<Same<typeof record, GapRecord>>();
      } else if (record.kind === "binary") {
        assertType<Same<typeof record, BinaryRecord>>();
      } else if (record.message.type === "chat") {
        assertType<Same<typeof record.message.text, string>>();
      }
    }
    const part = await lobby.history({ from: 1, limit: 2, timeoutMs: 3 });
    const [record] = part.records;
    if (record?.kind === "record") {
      const message: MessageOf<Messages> = record.message;
      if (message.type === "chat") {
        assertType<Same<typeof message.text, string>>();
      }
    }
    assertType<
      Same<
        HistoryPart["records"],
        readonly (MessageRecord<AnyMessages> | BinaryRecord)[]
      >
    >();
  });
});

Deno.test("presence has the contract's data, which must be given", () => {
  compiles(() => {
    const { presence } = connect("ws://hub.test", { contract }).topic("lobby");
    assertType<Same<typeof presence, TopicPresence<Cursor>>>();
    assertType<Same<typeof presence.members, ReadonlyMap<string, Cursor>>>();
    presence.on(({ join, leave, count }) => {
      assertType<
        Same<
          [typeof join, typeof leave, typeof count],
          [readonly Member<Cursor>[], readonly string[], number]
        >
      >();
    }, { once: true });
    void presence.set({ color: "red" }, { signal: AbortSignal.timeout(1) });
    // @ts-expect-error -- the contract does not accept absent data.
    void presence.set();
    // @ts-expect-error -- a color is a string.
    void presence.set({ color: 1 });
    const nullable = defineMessages({}, {
      presence: (data): data is string | null =>
        data === null || typeof data === "string",
    });
    const other = connect("ws://hub.test", { contract: nullable });
    void other.topic("lobby").presence.set();
    void other.topic("lobby").presence.set("x");
  });
});

Deno.test("a request needs the data that the contract requires, and returns its reply", async () => {
  using h = harness({ contract });
  handshake(h.net.last);
  h.client.close();
  // @ts-expect-error -- `rename` needs a name.
  await assertRejects(() => h.client.request("rename"), DrumbeatError);
  await assertRejects(
    // @ts-expect-error -- a name is a string.
    () => h.client.request("rename", { name: 1 }),
    DrumbeatError,
  );
  // @ts-expect-error -- the contract does not name the method.
  await assertRejects(() => h.client.request("delete"), DrumbeatError);
  const renamed = h.client.request("rename", { name: "a" }, { timeoutMs: 1 });
  assertType<Same<typeof renamed, Promise<boolean>>>();
  const others = [
    h.client.request("list"),
    h.client.request("list", undefined, { timeoutMs: 1 }),
    (h.client as unknown as Client).request("anything"),
  ];
  for (const promise of [renamed, ...others]) {
    await assertRejects(() => promise, DrumbeatError, "closed");
  }
});

Deno.test("a topic is disposable, and its methods take a signal", () => {
  compiles(async () => {
    const client = connect("ws://hub.test");
    const { signal } = new AbortController();
    using _a = client.topic("a");
    await using b = client.topic("b");
    await b.subscribed({ signal });
    await b.close({ signal });
    await client.opened({ signal });
    // @ts-expect-error -- the option does not exist.
    await client.opened({ timeoutMs: 1 });
    // @ts-expect-error -- `presence` is not a start.
    client.topic("c", { last: 1, presence: true });
  });
});
