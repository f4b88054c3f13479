import { assertEquals } from "@std/assert";
import { DURATIONS } from "../../../adapters/observe/durations.ts";
import {
  METRICS,
  METRICS_BY_NAME,
  samplesOf,
} from "../../../hub/observe/metrics.ts";
import { inMemory } from "../in_memory.ts";
import { unconnectedSocket } from "../unconnected_socket.ts";

/** The rows of the table that the documentation has to contain. */
function expectedRows(): string[][] {
  const metrics = [...METRICS_BY_NAME].map(([name, { kind, help, label }]) => {
    const suffix = kind === "counter" ? "_total" : "";
    const labels = label === undefined ? "" : `{${label[0]}}`;
    return [`\`drumbeat_${name}${suffix}${labels}\``, kind, help];
  });
  const durations = Object.values(DURATIONS).map(({ name, help }) => [
    `\`drumbeat_${name}_seconds\``,
    "histogram",
    help,
  ]);
  return [...metrics, ...durations];
}

Deno.test("docs/observability.md lists every metric and duration with its kind and help", async () => {
  const url = new URL("../../../docs/observability.md", import.meta.url);
  const rows = (await Deno.readTextFile(url)).split("\n")
    .filter((line) => line.startsWith("| `drumbeat_"))
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
  assertEquals(rows, expectedRows());
});

Deno.test("hub.stats() has exactly the numbers of the table", async () => {
  await using hub = inMemory();
  assertEquals(
    Object.keys(hub.hub.stats()).toSorted(),
    Object.keys(METRICS).toSorted(),
  );
});

Deno.test("numbers that share a metric share its kind, help and label, and differ in the label's value", () => {
  const values = new Set<string>();
  for (const { name, kind, help, label } of Object.values(METRICS)) {
    const [labelName, value] = label ?? [undefined, ""];
    const shared = METRICS_BY_NAME.get(name)!;
    assertEquals([kind, help, labelName], [
      shared.kind,
      shared.help,
      shared.label?.[0],
    ]);
    values.add(`${name} ${value}`);
  }
  assertEquals(values.size, Object.keys(METRICS).length);
});

Deno.test("close codes that no standard defines share one sample", async () => {
  await using hub = inMemory();
  for (const code of [1000, 3000, 3001, 4500, 4999]) {
    hub.hub.transport.attach(unconnectedSocket, {
      protocol: "",
      url: "http://a/ws",
      address: "",
    }).closed(code, "");
  }
  const samples = [...samplesOf(hub.hub.stats())];
  assertEquals(
    samples.filter(([name]) => name === "closes").map(([, labels, n]) => [
      labels.code,
      n,
    ]),
    [["1000", 1], ["other", 3], ["4500", 1]],
  );
});
