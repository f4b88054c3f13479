import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { serve } from "../../mod.ts";
import { browserTest, openTab } from "../page/browser.ts";
import { runDeno, SpawnedServer, START } from "../server/spawned.ts";
import { TRANSPORTS } from "../server/transports.ts";
import { makeCertificate } from "./certificate.ts";
import { programTest } from "./programs.ts";

for (const { transport } of TRANSPORTS) {
  await programTest(
    "openssl",
    `over ${transport}: the server uses TLS with a self-signed certificate, and a client that trusts it connects by wss`,
    async () => {
      await using files = await makeCertificate();
      await using server = await SpawnedServer.start([
        ...START.slice(0, -1),
        "--allow-read",
        START.at(-1)!,
        "--port",
        "0",
        "--transport",
        transport,
        "--cert",
        files.cert,
        "--key",
        files.key,
      ]);
      assertMatch(
        server.stdout,
        /^Drumbeat listens on https:\/\/localhost:\d+\n$/,
      );
      const url = `wss://localhost:${server.port}/ws`;
      const program = "tests/deploy/wss_client.ts";
      const trusting = await runDeno(
        ["run", "--cert", files.cert, "--allow-net", program, url],
      );
      assertEquals(trusting, {
        code: 0,
        stdout: `0 over TLS ${url}\n`,
        stderr: "",
      });
    },
  );
}

for (const { transport, serve } of TRANSPORTS) {
  await programTest(
    "openssl",
    `over ${transport}: with TLS, a page of the same host over http is another origin`,
    async () => {
      await using files = await makeCertificate();
      const cert = await Deno.readTextFile(files.cert);
      const key = await Deno.readTextFile(files.key);
      await using server = await serve({ port: 0, tls: { cert, key } });
      const { port } = server.addr;
      using client = Deno.createHttpClient({ caCerts: [cert] });
      // The answer to a request without an upgrade is the same 403.
      const statusFor = async (origin: string) => {
        const response = await fetch(`https://localhost:${port}/ws`, {
          method: "POST",
          headers: { origin },
          client,
        });
        await response.body?.cancel();
        return response.status;
      };
      assertEquals(await statusFor(`https://localhost:${port}`), 426);
      assertEquals(await statusFor(`http://localhost:${port}`), 403);
    },
  );
}

browserTest(
  "a page that was loaded by https connects by wss",
  async (browser) => {
    await using files = await makeCertificate();
    await using server = serve({
      port: 0,
      tls: {
        cert: await Deno.readTextFile(files.cert),
        key: await Deno.readTextFile(files.key),
      },
    });
    const { page, problems } = await openTab(
      browser,
      `https://localhost:${server.addr.port}/`,
      { ignoreHTTPSErrors: true },
    );
    await page.getByText(/online/i).first().waitFor();
    await page.getByText(`wss://localhost:${server.addr.port}/ws`).first()
      .waitFor({ state: "attached" });
    assertEquals(problems, []);
  },
);

Deno.test("rejects an invalid certificate at the start", () => {
  assertThrows(
    () => serve({ port: 0, tls: { cert: "none", key: "none" } }),
    Deno.errors.InvalidData,
  );
});
