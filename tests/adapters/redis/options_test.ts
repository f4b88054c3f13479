import { assert, assertEquals, assertThrows } from "@std/assert";
import { redisSettings } from "../../../adapters/redis/options.ts";
import { redisStore } from "../../../adapters/redis/store.ts";

Deno.test("reads the address, credentials, database and prefix from the URL", async () => {
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

Deno.test("requires only the host in the URL", async () => {
  const { server, prefix } = redisSettings("redis://[::1]", {});
  const { host, port, database, tls } = server;
  assertEquals([host, port, database, tls], ["::1", 6379, 0, undefined]);
  assertEquals(await server.credentials(), {});
  assertEquals(prefix, "drumbeat:");
});

Deno.test("prefers the option 'credentials' to the credentials of the URL", async () => {
  let calls = 0;
  const { server } = redisSettings("redis://me:old@localhost", {
    credentials: () => ({ password: `new ${calls++}` }),
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
  Deno.test(`rejects the URL '${url.replace("secret", "…")}' with an error without the password`, () => {
    const error = assertThrows(() => redisSettings(url, {}), TypeError);
    assert(!error.message.includes("secret"));
  });
}

for (
  const [query, message] of [
    ["?db=1", "unknown parameter 'db' in the URL"],
    ["?prefix=a:&prefx=b:", "unknown parameter 'prefx' in the URL"],
    ["?prefix=a:&prefix=b:", "the URL has 2 prefixes"],
  ] as const
) {
  Deno.test(`rejects the URL parameters '${query}'`, () => {
    const url = `redis://me:secret@localhost${query}`;
    const error = assertThrows(
      () => redisSettings(url, {}),
      TypeError,
      `Cannot connect to Redis: ${message}`,
    );
    assert(!error.message.includes("secret"));
  });
}

Deno.test("rejects unknown options and wrong values", () => {
  const url = "redis://localhost";
  assertThrows(
    () => redisSettings(url, { waitMs: 0 }),
    RangeError,
    "Cannot connect to Redis: the option 'waitMs' must be a number of at least 1, not 0",
  );
  assertThrows(() => redisSettings(url, { maxBytes: NaN }), RangeError);
  assertThrows(
    () => redisSettings(url, { durability: "most" as "full" }),
    TypeError,
    "Cannot connect to Redis: the option 'durability' must be one of 'full', 'relaxed', not 'most'",
  );
  assertThrows(
    () => redisSettings(url, { maxAge: 1 } as object),
    TypeError,
    "Cannot connect to Redis: unknown option 'maxAge' (did you mean 'maxAgeMs'?)",
  );
  assertThrows(
    () => redisSettings(url, { tls: { CA: "" } as object }),
    TypeError,
    "Cannot connect to Redis: unknown option 'tls.CA' (did you mean 'tls.ca'?)",
  );
});

Deno.test("rejects options that the hub owns", () => {
  assertThrows(
    () => redisStore("redis://localhost", { sessionMs: 1 } as object),
    TypeError,
    "Cannot connect to Redis: unknown option 'sessionMs'",
  );
});
