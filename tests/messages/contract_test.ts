import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import * as v from "valibot";
import {
  anyMessages,
  type Contract,
  defineMessages,
  type MessageInput,
  type MessageOf,
  RESERVED_TYPES,
  type StandardSchema,
  type Validator,
} from "../../messages.ts";

const isMove = (value: unknown): value is { x: number } =>
  typeof (value as { x?: unknown }).x === "number";

Deno.test("a schema's output is the message, without the keys that the schema drops", () => {
  const messages = defineMessages({
    chat: v.object({ text: v.pipe(v.string(), v.trim()) }),
  });
  assertEquals(messages.check({ type: "chat", text: " hi ", extra: 1 }), {
    ok: true,
    message: { type: "chat", text: "hi" },
  });
});

Deno.test("a schema's refusal has issues with their paths", () => {
  const messages = defineMessages({
    chat: v.object({ lines: v.array(v.object({ text: v.string() })) }),
  });
  const checked = messages.check({
    type: "chat",
    lines: [{ text: "a" }, { text: 5 }],
  });
  assert(!checked.ok);
  assertEquals(checked.code, "invalid");
  assert(checked.message.startsWith("Not a valid 'chat': "));
  assertEquals(checked.issues?.map(({ path }) => path), [["lines", 1, "text"]]);
});

Deno.test("the paths of issues are strings and numbers, for any keys of a schema", () => {
  const schema = schemaOf(() => ({
    issues: [{ message: "a" }, {
      message: "b",
      path: ["x", 1, Symbol("s"), { key: "k" }, { key: 2 }],
    }],
  }));
  const checked = defineMessages({ chat: schema }).check({ type: "chat" });
  assert(!checked.ok);
  assertEquals(JSON.parse(JSON.stringify(checked.issues)), [
    { message: "a" },
    { message: "b", path: ["x", 1, "Symbol(s)", "k", 2] },
  ]);
});

Deno.test("a validator receives the fields without type, and cannot change it", () => {
  const seen: unknown[] = [];
  const schema = schemaOf((value) => {
    seen.push(value);
    return { value: { type: "other", a: 1 } };
  });
  assertEquals(defineMessages({ chat: schema }).check({ type: "chat", a: 5 }), {
    ok: true,
    message: { type: "chat", a: 1 },
  });
  assertEquals(seen, [{ a: 5 }]);
});

Deno.test("a guard accepts the message unchanged, or refuses it without issues", () => {
  const messages = defineMessages({ move: isMove });
  assertEquals(
    JSON.stringify(messages.check({ type: "move", x: 1, y: 2 })),
    '{"ok":true,"message":{"type":"move","x":1,"y":2}}',
  );
  assertEquals(messages.check({ type: "move", x: "1" }), {
    ok: false,
    code: "invalid",
    message: "Not a valid 'move'",
  });
});

Deno.test("a callable schema, such as ArkType's, is a schema and not a guard", () => {
  const refusing: StandardSchema<{ text: string }> = Object.assign(
    // A call with a bad value returns a truthy object that describes the problem.
    () => ({ problem: "text must be a string" }),
    schemaOf<{ text: string }>(() => ({
      issues: [{ message: "text must be a string" }],
    })),
  );
  const checked = defineMessages({ chat: refusing }).check({
    type: "chat",
    text: 5,
  });
  assert(!checked.ok);
  assertEquals(checked.message, "Not a valid 'chat': text must be a string");
});

Deno.test("a validator that returns a promise causes a TypeError, and its rejection does not end the process", async () => {
  const messages = defineMessages({
    schema: schemaOf(() => Promise.reject(new Error("later"))),
    guard: (() => Promise.resolve(false)) as unknown as (
      value: unknown,
    ) => value is object,
    valibot: v.objectAsync({
      a: v.pipeAsync(v.string(), v.checkAsync(() => Promise.resolve(true))),
    }),
  });
  for (const type of ["schema", "guard", "valibot"]) {
    assertThrows(
      () => messages.check({ type, a: "a" }),
      TypeError,
      `'${type}' is asynchronous`,
    );
  }
  await Promise.resolve();
});

Deno.test("a validator whose output is not an object causes a TypeError", () => {
  for (const value of [5, "text", null, undefined]) {
    const messages = defineMessages({
      chat: schemaOf<unknown>(() => ({ value })) as StandardSchema<object>,
    });
    assertThrows(
      () => messages.check({ type: "chat" }),
      TypeError,
      "not an object",
    );
  }
});

Deno.test("a closed contract refuses other types as unsupported, an open one accepts them unchanged", () => {
  const validators = { move: isMove };
  const closed = defineMessages(validators);
  const open = defineMessages(validators, { open: true });
  assertEquals([closed.open, open.open, [...open.types]], [false, true, [
    "move",
  ]]);
  const checked = closed.check({ type: "chat", text: "a" });
  assert(!checked.ok);
  assertEquals(checked.code, "unsupported");
  const message = { type: "chat", text: "a" };
  const passed = open.check(message);
  assert(passed.ok && passed.message === message as unknown);
  assert(!open.check({ type: "move" }).ok);
});

Deno.test("without a contract any well-formed message passes", () => {
  assertEquals(anyMessages.open, true);
  assert(anyMessages.check({ type: "anything", at: "all" }).ok);
  for (
    const value of [undefined, null, 5, "chat", [], {}, { type: 5 }, {
      type: "",
    }]
  ) {
    const checked = anyMessages.check(value);
    assert(!checked.ok && checked.code === "invalid");
  }
});

Deno.test("rejects reserved types, in a definition and in a message", () => {
  for (const type of RESERVED_TYPES) {
    assertThrows(
      () => defineMessages({ [type]: isMove }),
      TypeError,
      `Cannot define the message '${type}'`,
    );
    assert(!anyMessages.check({ type }).ok);
  }
});

Deno.test("rejects an invalid type and an invalid validator", () => {
  assertThrows(() => defineMessages({ "1": isMove }), TypeError, "'1'");
  assertThrows(
    () => defineMessages(JSON.parse('{"__proto__":1}')),
    TypeError,
    "'__proto__'",
  );
  for (const validator of [null, undefined, 5, {}, { "~standard": {} }]) {
    assertThrows(
      () => defineMessages({ chat: validator as unknown as Validator }),
      TypeError,
      "neither a function nor a Standard Schema",
    );
  }
});

Deno.test("types that objects inherit are not in a contract that does not name them", () => {
  const messages = defineMessages({ move: isMove });
  for (const type of ["constructor", "toString", "hasOwnProperty"]) {
    const checked = messages.check({ type });
    assert(!checked.ok && checked.code === "unsupported");
  }
  assert(
    defineMessages({ constructor: isMove }).check({ type: "constructor", x: 1 })
      .ok,
  );
});

Deno.test("a message with __proto__ among its keys passes and changes no prototype", () => {
  const messages = defineMessages({ chat: (_: unknown): _ is object => true });
  const checked = messages.check(
    JSON.parse('{"type":"chat","__proto__":{"polluted":1}}'),
  );
  assert(checked.ok);
  assertEquals(
    JSON.stringify(checked.message),
    '{"type":"chat","__proto__":{"polluted":1}}',
  );
  assertEquals(Object.getPrototypeOf(checked.message), Object.prototype);
});

Deno.test("checks any JSON without an exception", () => {
  const messages = defineMessages({
    chat: v.object({ text: v.string() }),
    move: isMove,
  }, { open: true });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.jsonValue(),
        fc.record({
          type: fc.constantFrom("chat", "move", "x"),
          text: fc.jsonValue(),
        }),
      ),
      (value) => {
        const checked = messages.check(value);
        assertEquals(typeof checked.ok, "boolean");
      },
    ),
  );
});

Deno.test("a contract's requests are checked by method, its presence by one validator", () => {
  const messages = defineMessages({}, {
    requests: {
      add: { data: v.object({ a: v.number() }), reply: v.number() },
      log: { data: v.string() },
    },
    presence: v.object({ name: v.string() }),
  });
  assertEquals(messages.checkRequest("add", { a: 1, b: 2 }), {
    ok: true,
    value: { a: 1 },
  });
  assert(!messages.checkRequest("add", { a: "1" }).ok);
  const unknown = messages.checkRequest("toString", {});
  assert(!unknown.ok && unknown.code === "unsupported");
  assert(messages.checkReply("add", 5).ok);
  assert(!messages.checkReply("add", "5").ok);
  assert(messages.checkReply("log", "anything").ok);
  assert(messages.checkPresence({ name: "Ada" }).ok);
  const refused = messages.checkPresence({});
  assert(!refused.ok && refused.code === "invalid");
  assert(
    anyMessages.checkRequest("any", 1).ok && anyMessages.checkPresence(1).ok,
  );
});

Deno.test("rejects an invalid validator of a request with the method's name", () => {
  const none = 5 as unknown as Validator;
  assertThrows(
    () => defineMessages({}, { requests: { add: { data: none } } }),
    TypeError,
    "the request 'add'",
  );
  assertThrows(
    () =>
      defineMessages({}, { requests: { add: { data: isMove, reply: none } } }),
    TypeError,
    "the reply to 'add'",
  );
});

Deno.test("unknown options and an invalid validator of presence data are refused", () => {
  assertThrows(
    () => defineMessages({}, { opne: true } as object),
    TypeError,
    "Cannot define messages: unknown option 'opne' (did you mean 'open'?)",
  );
  assertThrows(
    () =>
      defineMessages({}, {
        requests: { add: { data: isMove, replay: isMove } as object },
      } as object),
    TypeError,
    "unknown option 'requests.add.replay' (did you mean 'requests.add.reply'?)",
  );
  assertThrows(
    () => defineMessages({}, { presence: 5 as unknown as Validator }),
    TypeError,
    "the presence data: its validator is neither",
  );
});

function schemaOf<T = object>(
  validate: StandardSchema<T>["~standard"]["validate"],
): StandardSchema<T> {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

// The compiler checks the following lines: an expected error that is missing fails `deno check`.

const typed = defineMessages({
  chat: v.object({ text: v.string() }),
  move: isMove,
});
const open = defineMessages({ move: isMove }, { open: true });

type Messages<C> = C extends Contract<infer M> ? M : never;
type Typed = MessageOf<Messages<typeof typed>>;

Deno.test("the types of a contract are those of its validators", () => {
  const chat: Typed = { type: "chat", text: "hi" };
  const move: Typed = { type: "move", x: 1 };
  // @ts-expect-error: a text is a string
  const wrongField: Typed = { type: "chat", text: 5 };
  // @ts-expect-error: no field is missing
  const noField: Typed = { type: "chat" };
  // @ts-expect-error: the contract has no such type
  const wrongType: Typed = { type: "dance", text: "hi" };
  // @ts-expect-error: each type has its own fields
  const otherField: Typed = { type: "move", text: "hi" };
  const checked = typed.check({ type: "chat", text: "hi" });
  assert(checked.ok);
  if (checked.message.type === "chat") {
    const text: string = checked.message.text;
    // @ts-expect-error: the text is a string
    const number: number = checked.message.text;
    assertEquals([text, number as unknown], ["hi", "hi"]);
  }
  const any: MessageInput<Messages<typeof open>, "whatever"> = {
    type: "whatever",
    a: 1,
  };
  assertEquals(
    [chat, move, wrongField, noField, wrongType, otherField, any].length,
    7,
  );
});

Deno.test("an invalid validator does not compile", () => {
  // @ts-expect-error: a string is not a validator
  assertThrows(() => defineMessages({ chat: "text" }), TypeError);
});
