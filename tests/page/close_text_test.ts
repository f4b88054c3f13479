import { assertEquals } from "@std/assert";
import { CloseCode } from "../../messages.ts";
import { closeText } from "../../static/connection/close_text.ts";

Deno.test("explains every close code of Drumbeat, each with its own text", () => {
  const texts = Object.values(CloseCode).map(closeText);
  const vague = texts.filter((text) =>
    /defined by the application|registered|reserved/.test(text)
  );
  assertEquals(vague, []);
  assertEquals(new Set(texts).size, texts.length);
});

Deno.test("explains other close codes by their range", () => {
  assertEquals(closeText(4321), "defined by the application");
  assertEquals(closeText(3000), "registered with IANA");
  assertEquals(closeText(2999), "reserved by the standard");
});

Deno.test("lists each close code once", async () => {
  const source = await Deno.readTextFile(
    new URL("../../static/connection/close_text.ts", import.meta.url),
  );
  const codes = [...source.matchAll(/^ {2}(\d{4}):/gm)].map(([, code]) => code);
  assertEquals(codes.length > 20, true);
  assertEquals(codes, [...new Set(codes)].toSorted());
});
