import { assertEquals } from "@std/assert";
import { serveJsrRegistry } from "../../project/jsr_registry.ts";
import { root, SpawnedServer } from "../spawned.ts";
import { WirePeer } from "../wire_peer.ts";

for (const option of ["--workers 2", "--store", "--store-worker"]) {
  Deno.test(`${option} works where every module comes from a URL`, async () => {
    await using registry = serveJsrRegistry();
    await using site = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      async (request) => {
        const path = new URL(request.url).pathname.slice(1);
        const text = await Deno.readTextFile(new URL(path, root));
        const headers = { "content-type": "application/typescript" };
        return new Response(text, path.endsWith(".ts") ? { headers } : {});
      },
    );
    const host = `127.0.0.1:${site.addr.port}`;
    const folder = await Deno.makeTempDir();
    try {
      await using server = await SpawnedServer.start([
        "run",
        ...["--no-config", "--no-lock", "--unstable-net", "--allow-net"],
        ...["--allow-env=PORT,HOST", `--allow-import=${host},${registry.host}`],
        `--allow-read=${folder}`,
        `--allow-write=${folder}`,
        `http://${host}/server/cli/main.ts`,
        ...["--port", "0"],
        ...(option === "--workers 2"
          ? ["--workers", "2"]
          : ["--store", `${folder}/drumbeat.db`]),
        ...(option === "--store-worker" ? [option] : []),
      ], { DENO_DIR: `${folder}/cache`, JSR_URL: registry.url });
      for (const offset of [0, 1, 2]) {
        await using peer = await WirePeer.v1(server.port);
        await peer.next();
        const message = { type: "chat", text: "from a URL" };
        peer.send({ type: "publish", id: 1, topic: "lobby", message });
        const frames = await peer.until(({ type }) => type === "ack");
        assertEquals(frames.at(-1).offset, offset);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
