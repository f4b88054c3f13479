import { assert, assertEquals } from "@std/assert";
import { RedisServer, redisTest } from "./redis_server.ts";
import { entry, TestNode, Wire } from "./test_node.ts";

redisTest(
  "opens a new connection when the server hangs, and sends the waiting appends",
  async () => {
    await using wire = await Wire.start();
    await using node = new TestNode(wire.url, { hangMs: 600, waitMs: 30_000 });
    await node.open();
    for (const link of wire.proxy.links) link.freeze();
    assertEquals(await node.append(entry("a")), [0]);
    assertEquals(node.sink.failures.length, 1);
    assert(`${node.sink.failures[0]}`.includes("No answer for 600 ms"));
  },
);

redisTest(
  "reads the credentials again after the password changed",
  async () => {
    await using redis = await RedisServer.start();
    let password = "old";
    await redis.command("CONFIG", "SET", "requirepass", password);
    await using node = new TestNode(redis.url, {
      waitMs: 30_000,
      credentials: () => ({ password }),
    });
    await node.open();
    await redis.command("CONFIG", "SET", "requirepass", "new");
    await redis.command("CLIENT", "KILL", "TYPE", "pubsub");
    await redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await node.sink.until(() =>
      node.sink.failures.some((failure) => `${failure}`.includes("WRONGPASS"))
    );
    assertEquals(node.store.healthy, false);
    assert(!node.sink.failures.some((failure) => /old|new/.test(`${failure}`)));
    password = "new";
    assertEquals(await node.append(entry("a")), [0]);
  },
);

redisTest(
  "connects over TLS to a server with a trusted certificate only",
  async () => {
    const folder = await Deno.makeTempDir();
    const [cert, key] = [`${folder}/cert.pem`, `${folder}/key.pem`];
    const made = await new Deno.Command("openssl", {
      args: [
        ..."req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost"
          .split(
            " ",
          ),
        ...["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        ...["-keyout", key, "-out", cert],
      ],
      stderr: "null",
    }).output();
    assert(made.success);
    await using redis = await RedisServer.start(
      ...["--tls-port", "0", "--tls-cert-file", cert, "--tls-key-file", key],
      ...["--tls-ca-cert-file", cert, "--tls-auth-clients", "no"],
    );
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    await redis.command("CONFIG", "SET", "tls-port", `${port}`);
    const url = `rediss://localhost:${port}`;
    await using trusting = new TestNode(url, {
      tls: { ca: await Deno.readTextFile(cert) },
    });
    await trusting.open();
    assertEquals(await trusting.append(entry("a")), [0]);
    // An address has no server name in TLS; the certificate must list it.
    await using byAddress = new TestNode(`rediss://127.0.0.1:${port}`, {
      tls: { ca: await Deno.readTextFile(cert) },
    });
    await byAddress.open();
    assertEquals(await byAddress.append(entry("b")), [1]);
    await using other = new TestNode(url);
    await other.sink.until(() => other.sink.failures.length > 0);
    assert(/certificate|issuer/i.test(`${other.sink.failures[0]}`));
    await Deno.remove(folder, { recursive: true });
  },
);
