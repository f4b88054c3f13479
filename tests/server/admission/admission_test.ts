import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { serve, type ServeOptions } from "../../../server.ts";
import { RawPeer, RefusedError } from "../../raw_peer.ts";

type Headers = Readonly<Record<string, string>>;

async function statusOf(port: number, headers: Headers): Promise<number> {
  const refused = await assertRejects(
    () => RawPeer.connect(port, { headers }),
    RefusedError,
  );
  return refused.status;
}

function start(options: ServeOptions = {}) {
  return serve({ port: 0, ...options });
}

Deno.test("accepts pages of this server and clients without an origin, and refuses other pages", async () => {
  await using server = start();
  const { port } = server.addr;
  const own = { origin: `http://127.0.0.1:${port}` };
  {
    using page = await RawPeer.connect(port, { headers: own });
    assertEquals((await page.json()).type, "start");
    using program = await RawPeer.connect(port, {});
    assertEquals((await program.json()).type, "start");
  }
  for (const origin of ["https://evil.example", "null", "x", ""]) {
    assertEquals(await statusOf(port, { origin }), 403, origin);
  }
  assertEquals(server.hub.stats().peersOpened, 2);
});

Deno.test("accepts listed origins only, and with requireOrigin no client without one", async () => {
  await using server = start({
    origins: ["https://app.example"],
    requireOrigin: true,
  });
  const { port } = server.addr;
  using page = await RawPeer.connect(port, {
    headers: { origin: "https://app.example" },
  });
  assertEquals((await page.json()).type, "start");
  assertEquals(await statusOf(port, {}), 403);
  const own = `http://127.0.0.1:${port}`;
  assertEquals(await statusOf(port, { origin: own }), 403);
});

Deno.test("answers 429 above limits.peersPerAddress, for each address behind a proxy", async () => {
  const closed = Promise.withResolvers<void>();
  await using server = start({
    trustedProxies: 1,
    limits: { peersPerAddress: 2 },
    onClose: () => closed.resolve(),
  });
  const { port } = server.addr;
  const from = (address: string) => ({
    headers: { "x-forwarded-for": address },
  });
  using one = await RawPeer.connect(port, from("192.0.2.1"));
  const two = await RawPeer.connect(port, from("192.0.2.1"));
  for (const peer of [one, two]) {
    assertEquals((await peer.json()).type, "start");
  }
  assertEquals(await statusOf(port, from("192.0.2.1").headers), 429);
  using other = await RawPeer.connect(port, from("192.0.2.2"));
  assertEquals((await other.json()).type, "start");
  const [first] = server.hub.peers;
  assertEquals(first?.info.address, "192.0.2.1");
  // A closed connection no longer counts.
  await two.close(1000);
  two[Symbol.dispose]();
  await closed.promise;
  using three = await RawPeer.connect(port, from("192.0.2.1"));
  assertEquals((await three.json()).type, "start");
});

Deno.test("rejects invalid options before it listens", () => {
  assertThrows(() => start({ origins: ["app.example"] }), TypeError);
  assertThrows(() => start({ trustedProxies: -1 }), RangeError);
  assertThrows(() => start({ trustedProxies: 1.5 }), RangeError);
  assertThrows(() => start({ limits: { peersPerAddress: -1 } }), RangeError);
});
