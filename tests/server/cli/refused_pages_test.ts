import { assertEquals, assertMatch } from "@std/assert";
import { refusedPages } from "../../../server/cli/refused_pages.ts";
import { RawPeer, RefusedError } from "../../raw_peer.ts";
import { SpawnedServer } from "../spawned.ts";

const refused = {
  status: 403,
  address: "192.0.2.1",
  path: "/ws",
  origin: "http://a:8080",
  host: "127.0.0.1:8000",
};

Deno.test("prints one line for each pair of Origin and Host, with both and the remedy, up to a bound", () => {
  const lines: string[] = [];
  const observer = refusedPages((line) => lines.push(line));
  observer.refused!(refused);
  observer.refused!(refused);
  assertEquals(lines, [
    "A page of http://a:8080 was refused, the request's Host is 127.0.0.1:8000. If a proxy is in front, let it pass on the Host; or allow the page's origin (--origins, the option 'origins').",
  ]);
  observer.refused!({ ...refused, status: 429 });
  observer.refused!({ ...refused, origin: undefined });
  assertEquals(lines.length, 1);
  for (let n = 0; n < 1_000; n++) {
    observer.refused!({ ...refused, origin: `http://a:${n}\n\x1b[2J` });
  }
  assertEquals(lines.length, 100);
  for (const line of lines) assertMatch(line, /^[ -~]+$/);
});

Deno.test("the server prints a refused page on its terminal, and the 403 has the same text", async () => {
  await using server = await SpawnedServer.start();
  for (let n = 0; n < 3; n++) {
    const headers = { origin: "http://localhost:5173" };
    try {
      (await RawPeer.connect(server.port, { headers })).drop();
      throw new Error("The page was accepted");
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      assertEquals(error.status, 403);
    }
  }
  const response = await fetch(`http://127.0.0.1:${server.port}/ws`, {
    method: "POST",
    headers: { origin: "http://localhost:5173" },
  });
  assertMatch(
    await response.text(),
    /^Origin not allowed: a page of http:\/\/localhost:5173 was refused, the request's Host is 127\.0\.0\.1:\d+\. .*--origins/,
  );
  server.signal("SIGTERM");
  const { stderr } = await server.ended;
  assertMatch(
    stderr,
    /^A page of http:\/\/localhost:5173 was refused[^\n]*\n$/,
  );
});
