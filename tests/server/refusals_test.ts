import { assertEquals, assertStringIncludes } from "@std/assert";
import type { ServeOptions } from "../../server.ts";
import { test } from "./transports.ts";

/** The head of a handshake, without the headers of its case. */
const HANDSHAKE = [
  "GET /ws HTTP/1.1",
  "host: app.example",
  "connection: upgrade",
  "upgrade: websocket",
  "sec-websocket-version: 13",
  "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
];

/** Refusals, with the options of the server and the request. */
const REFUSALS: Readonly<
  Record<number, readonly [ServeOptions, readonly string[]]>
> = {
  403: [{}, [...HANDSHAKE, "origin: https://evil.example"]],
  404: [{}, ["GET /nothing HTTP/1.1", "host: app.example"]],
  414: [{}, [
    `GET /ws?${"x".repeat(8_192)} HTTP/1.1`,
    ...HANDSHAKE.slice(1),
  ]],
  426: [{}, ["GET /ws HTTP/1.1", "host: app.example"]],
  429: [{ limits: { peersPerAddress: 0 } }, HANDSHAKE],
  503: [{ limits: { peers: 0 } }, HANDSHAKE],
};

/** Sends a request, and reads the head of the answer. */
async function headOf(port: number, lines: readonly string[]): Promise<string> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const text = `${lines.join("\r\n")}\r\n\r\n`;
  await conn.write(new TextEncoder().encode(text));
  let head = "";
  const bytes = new Uint8Array(4_096);
  while (!head.includes("\r\n\r\n")) {
    const read = await conn.read(bytes);
    if (read === null) break;
    head += new TextDecoder().decode(bytes.subarray(0, read));
  }
  return head.toLowerCase();
}

for (const [status, [options, lines]] of Object.entries(REFUSALS)) {
  test(`a refusal with ${status} asks to close the connection`, async ({ serve }) => {
    await using server = await serve({ port: 0, ...options });
    const head = await headOf(server.addr.port, lines);
    assertEquals(head.split(" ")[1], status);
    assertStringIncludes(
      head,
      status === "426"
        ? "\r\nconnection: upgrade, close\r\n"
        : "\r\nconnection: close\r\n",
    );
  });
}
