import { assert, assertEquals, assertThrows } from "@std/assert";
import { redisSettings } from "../../../adapters/redis/options.ts";

Deno.test("the URL of a Redis says where it is, who connects, which database and which prefix", async () => {
  const { server, prefix } = redisSettings(
    "rediss://me:p%40ss%20word@redis.example:7000/3?prefix=chat:",
    {},
  );
  const { host, port, database, tls, name } = server;
  assertEquals([host, port, database, tls], ["redis.example", 7000, 3, {}]);
  assertEquals(await server.credentials(), {
    username: "me",
    password: "p@ss word",
  });
  assertEquals([prefix, name], ["chat:", "rediss://redis.example:7000"]);
});

Deno.test("of the URL of a Redis only the host has to be there", async () => {
  const { server, prefix } = redisSettings("redis://[::1]", {});
  const { host, port, database, tls } = server;
  assertEquals([host, port, database, tls], ["::1", 6379, 0, undefined]);
  assertEquals(await server.credentials(), {});
  assertEquals(prefix, "drumbeat:");
});

Deno.test("credentials that are asked for count more than those of the URL", async () => {
  let asked = 0;
  const { server } = redisSettings("redis://me:old@localhost", {
    credentials: () => ({ password: `new ${asked++}` }),
  });
  assertEquals(await server.credentials(), { password: "new 0" });
  assertEquals(await server.credentials(), { password: "new 1" });
});

for (
  const url of [
    "redis:secret",
    "http://user:secret@localhost",
    "redis://user:secret@localhost/x",
    "redis://user:secret@localhost:port",
    "redis://",
  ]
) {
  Deno.test(`'${url.replace("secret", "…")}' is no URL of a Redis, and what is said of it holds no password`, () => {
    const error = assertThrows(() => redisSettings(url, {}), TypeError);
    assert(!error.message.includes("secret"));
  });
}

Deno.test("options of the store in Redis that are none are refused", () => {
  const url = "redis://localhost";
  assertThrows(() => redisSettings(url, { waitMs: 0 }), RangeError, "waitMs");
  assertThrows(() => redisSettings(url, { maxBytes: NaN }), RangeError);
  assertThrows(
    () => redisSettings(url, { durability: "most" as "full" }),
    RangeError,
    "most",
  );
  assertThrows(
    () => redisSettings(url, { maxAge: 1 } as object),
    TypeError,
    "'maxAge'",
  );
});
