import { assertEquals } from "@std/assert";
import {
  handshakeOf,
  offeredSubprotocols,
} from "../../../server/admission/handshake.ts";

function read(headers: Record<string, string>) {
  const request = new Request("http://hub.test/ws", { headers });
  return handshakeOf(request, offeredSubprotocols(request));
}

Deno.test("a request without headers of identity has empty subprotocols only", () => {
  assertEquals(read({}), { protocols: [] });
});

Deno.test("copies the headers of identity and no others", () => {
  assertEquals(
    read({
      cookie: "a=b; c=d",
      authorization: "Bearer x",
      origin: "https://app.example",
      "user-agent": "test",
      "x-forwarded-for": "192.0.2.1",
      "sec-websocket-protocol": "chat, drumbeat.v1",
    }),
    {
      cookie: "a=b; c=d",
      authorization: "Bearer x",
      origin: "https://app.example",
      userAgent: "test",
      protocols: ["chat", "drumbeat.v1"],
    },
  );
});

/** Subprotocol lists with their tokens. */
const TOKENS: readonly (readonly [list: string, token: string | undefined])[] =
  [
    ["drumbeat.v1, drumbeat.token.czNjcmV0", "s3cret"],
    ["drumbeat.token.czNjcmV0,drumbeat.v1", "s3cret"],
    // Without padding: `=` may not be part of a subprotocol (RFC 6455 section 4.1 and RFC 9110 section 5.6.2).
    ["drumbeat.v1, drumbeat.token.w6TDtg", "äö"],
    ["drumbeat.v1, drumbeat.token._-__", undefined],
    ["drumbeat.v1, drumbeat.token.", ""],
    ["drumbeat.v1, drumbeat.token.a+b/", undefined],
    ["drumbeat.v1, drumbeat.token.!", undefined],
    ["drumbeat.v1, drumbeat.token.YQ, drumbeat.token.Yg", "a"],
    ["drumbeat.v1", undefined],
    [", ,", undefined],
  ];

for (const [list, token] of TOKENS) {
  Deno.test(`reads the token ${token} of '${list}' and removes it from the subprotocols`, () => {
    const { protocols, ...handshake } = read({
      "sec-websocket-protocol": list,
    });
    assertEquals(handshake, token === undefined ? {} : { token });
    assertEquals(protocols, list.includes("v1") ? ["drumbeat.v1"] : []);
  });
}
