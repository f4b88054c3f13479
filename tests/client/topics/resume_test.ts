import { assertEquals } from "@std/assert";
import { batch, handshake, harness, record, settle } from "../harness.ts";

Deno.test("reports a gap once, and delivers the records behind it", () => {
  using h = harness();
  const lobby = h.client.topic("lobby");
  const [gaps, seen] = [record(h.client, "gap"), [] as unknown[]];
  lobby.onGap((gap) => seen.push(gap));
  lobby.on("chat", ({ text }) => seen.push(text));
  handshake(h.net.last);
  h.net.last.emit({ type: "gap", topic: "lobby", from: 0, to: 31 });
  h.net.last.emit(batch("lobby", 31, "a"));
  assertEquals(gaps.map(({ topic, from, to }) => ({ topic, from, to })), [{
    topic: "lobby",
    from: 0,
    to: 31,
  }]);
  assertEquals(seen, [{ kind: "gap", topic: "lobby", from: 0, to: 31 }, "a"]);
});

Deno.test("delivers the missed records after a resume, then reports their number", async () => {
  using h = harness();
  const lobby = h.client.topic("lobby");
  const [caughtUp, gaps, seen] = [
    record(h.client, "caughtup"),
    record(h.client, "gap"),
    [] as unknown[],
  ];
  lobby.on("chat", ({ text }) => seen.push(text));
  const firstSubscribed = lobby.subscribed();
  handshake(h.net.last);
  await firstSubscribed;
  h.net.last.emit(batch("lobby", 0, "a"));
  h.net.last.drop();
  let subscribed = false;
  lobby.subscribed().then(() => subscribed = true);
  await settle();
  assertEquals(subscribed, false);
  assertEquals([lobby.state, lobby.position], ["subscribing", {
    epoch: "e1",
    offset: 1,
  }]);
  h.clock.tick(500);
  const { hello } = handshake(h.net.last, {
    topics: { lobby: { epoch: "e1", offset: 1, recovered: true, head: 4 } },
  });
  assertEquals(hello.topics, { lobby: { epoch: "e1", offset: 1 } });
  h.net.last.emit(batch("lobby", 1, "b", "c"));
  assertEquals(caughtUp.length, 0);
  h.net.last.emit(batch("lobby", 3, "d", "e"));
  assertEquals(seen, ["a", "b", "c", "d", "e"]);
  assertEquals(caughtUp.map(({ topic, count }) => [topic, count]), [[
    "lobby",
    3,
  ]]);
  assertEquals(gaps.length, 0);
});

Deno.test("does not report a resume without missed records", () => {
  using h = harness();
  const caughtUp = record(h.client, "caughtup");
  handshake(h.net.last);
  h.client.reconnect();
  handshake(h.net.last);
  h.net.last.emit(batch("lobby", 0, "a"));
  assertEquals(caughtUp.length, 0);
});

Deno.test("a resume below the tail brings a gap, and the records behind it count as caught up", () => {
  using h = harness();
  const [caughtUp, gaps] = [
    record(h.client, "caughtup"),
    record(h.client, "gap"),
  ];
  handshake(h.net.last);
  h.client.reconnect();
  handshake(h.net.last, {
    topics: { lobby: { epoch: "e1", offset: 0, recovered: false, head: 9 } },
  });
  assertEquals(gaps.length, 0);
  h.net.last.emit({ type: "gap", topic: "lobby", from: 0, to: 7 });
  h.net.last.emit(batch("lobby", 7, "a", "b"));
  assertEquals(gaps.map(({ from, to }) => [from, to]), [[0, 7]]);
  assertEquals(caughtUp.map(({ count }) => count), [2]);
});

Deno.test("another epoch is a gap of unknown extent, and delivery starts at the server's offset", () => {
  using h = harness();
  const lobby = h.client.topic("lobby");
  const [gaps, seen, heard] = [
    record(h.client, "gap"),
    [] as unknown[],
    [] as unknown[],
  ];
  lobby.on("chat", ({ text }) => seen.push(text));
  lobby.onGap((gap) => heard.push(gap));
  handshake(h.net.last);
  h.net.last.emit(batch("lobby", 0, "a"));
  h.client.reconnect();
  handshake(h.net.last, {
    topics: { lobby: { epoch: "e2", offset: 3, recovered: false, head: 5 } },
  });
  assertEquals(gaps.map(({ topic, from, to }) => [topic, from, to]), [[
    "lobby",
    1,
    undefined,
  ]]);
  assertEquals(heard, [{ kind: "gap", topic: "lobby", from: 1 }]);
  h.net.last.emit(batch("lobby", 3, "b"));
  assertEquals([seen, lobby.position], [["a", "b"], {
    epoch: "e2",
    offset: 4,
  }]);
});

Deno.test("a gap that completes a resume reports the records before it as caught up", () => {
  using h = harness();
  const caughtUp = record(h.client, "caughtup");
  handshake(h.net.last);
  h.client.reconnect();
  handshake(h.net.last, {
    topics: { lobby: { epoch: "e1", offset: 0, recovered: true, head: 9 } },
  });
  h.net.last.emit(batch("lobby", 0, "a"));
  h.net.last.emit({ type: "gap", topic: "lobby", from: 1, to: 9 });
  assertEquals(caughtUp.map(({ count }) => count), [1]);
});
