import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { prometheus } from "../../../adapters/observe/prometheus.ts";
import { inMemory } from "../../hub/in_memory.ts";

Deno.test("rejects a text before the metrics observe a hub", async () => {
  await assertRejects(
    () => prometheus().text(),
    Error,
    "Cannot render metrics: they do not observe a hub yet",
  );
});

Deno.test("observes one hub only, any number of times", async () => {
  await using a = inMemory();
  await using b = inMemory();
  const metrics = prometheus();
  a.hub.observe(metrics);
  a.hub.observe(metrics);
  assertThrows(
    () => b.hub.observe(metrics),
    Error,
    "Cannot observe the hub: the metrics observe another",
  );
});

Deno.test("renders every metric of the table and every duration once", async () => {
  await using hub = inMemory();
  const metrics = prometheus();
  hub.hub.observe(metrics);
  const types = [...(await metrics.text()).matchAll(/^# TYPE (\S+) (\S+)$/gm)]
    .map(([, name, type]) => `${name} ${type}`);
  const url = new URL("../../../docs/observability.md", import.meta.url);
  const rows = (await Deno.readTextFile(url))
    .matchAll(/^\| `(drumbeat_\w+)\S*` +\| (\w+)/gm);
  assertEquals(types, [...rows].map(([, name, type]) => `${name} ${type}`));
});
