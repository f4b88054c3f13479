import { assertEquals } from "@std/assert";
import { SpawnedServer, startOver } from "../spawned.ts";
import { test } from "../transports.ts";
import { type AnyFrame, WirePeer } from "../wire_peer.ts";

/** Two peers with a topic of their own, which an attack on others must not affect. */
export class Bystanders implements AsyncDisposable {
  readonly #a: WirePeer;
  readonly #b: WirePeer;
  #next = 0;

  constructor(a: WirePeer, b: WirePeer) {
    this.#a = a;
    this.#b = b;
  }

  static async connect({ port }: SpawnedServer): Promise<Bystanders> {
    const topics = { quiet: {} };
    const [a, b] = [
      await WirePeer.v1(port, { topics }),
      await WirePeer.v1(port, { topics }),
    ];
    for (const peer of [a, b]) await peer.next();
    return new Bystanders(a, b);
  }

  /** One of them publishes. Both receive the message, and have received nothing else since the last one. */
  async chat(): Promise<void> {
    const n = this.#next++;
    this.#a.send({
      type: "publish",
      id: n + 1,
      topic: "quiet",
      message: { type: "chat", text: `${n}` },
    });
    for (const peer of [this.#a, this.#b]) {
      const frames = await peer.until(({ type }) => type === "batch");
      const records = frames.filter(({ type }) =>
        type !== "ping" && type !== "ack"
      );
      assertEquals(
        records.map((
          { offset, messages }: AnyFrame,
        ) => [offset, messages.length, messages[0].message.text]),
        [
          [n, 1, `${n}`],
        ],
      );
      peer.send({ type: "ack", frames: n + 1 });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of [this.#a, this.#b]) await peer[Symbol.asyncDispose]();
  }
}

/** Adds a test for each transport: an attack on a server in its own process, with bystanders before and after it. */
export function underAttack(
  name: string,
  attack: (port: number, bystanders: Bystanders) => Promise<void>,
): void {
  test(`${name}: the server continues, and other peers are not affected`, async ({ transport }) => {
    await using server = await SpawnedServer.start(startOver(transport));
    await using bystanders = await Bystanders.connect(server);
    await bystanders.chat();
    await attack(server.port, bystanders);
    await bystanders.chat();
    const health = await fetch(`http://127.0.0.1:${server.port}/healthz`);
    assertEquals(await health.text(), "ok\n");
    server.signal("SIGTERM");
    const { code, stderr } = await server.ended;
    assertEquals([code, stderr], [0, ""]);
  });
}
