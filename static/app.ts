/**
 * The page: connects, and lets its parts know what happens.
 * @module
 */
import { connect } from "../client.ts";
import { Announcer } from "./announcer.ts";
import { setUpComposer } from "./compose/composer.ts";
import { contract } from "./contract.ts";
import { byId, setText } from "./dom.ts";
import { Drawer } from "./drawer.ts";
import { Feed } from "./feed/feed.ts";
import { Frames } from "./feed/frames.ts";
import { type Greeting, greetingOf } from "./connection/greeting.ts";
import { Heart } from "./heartbeat/heartbeat_panel.ts";
import { Lobby } from "./feed/lobby.ts";
import { counted } from "./feed/payload.ts";
import { Properties } from "./connection/properties.ts";
import { setUpSender } from "./compose/raw_sender.ts";
import { Switchboard } from "./connection/connection_controls.ts";
import { fitViewport } from "./viewport.ts";
import { Wire } from "./connection/breakable_socket.ts";

fitViewport();

const client = connect("/ws", { contract, WebSocket: Wire });

const feed = new Feed({
  list: byId("lines-of-feed", HTMLElement),
  scroller: byId("scroller", HTMLElement),
  newer: byId("newer", HTMLButtonElement),
});
const heart = new Heart(client);
const lobby = new Lobby(client, {
  feed,
  announcer: new Announcer(
    byId("said-messages", HTMLElement),
    (count) => counted(count, "new message"),
  ),
  onRecord: (own) => heart.message(own),
});
setUpComposer((text, name) => lobby.say(text, name));
const switchboard = new Switchboard(client, {
  feed,
  announcer: new Announcer(
    byId("said-status", HTMLElement),
    () => `The connection is ${client.state}`,
  ),
  onConnection(connected) {
    heart.connection(connected);
    lobby.connection(connected);
  },
});

const properties = new Properties(client);
const frames = new Frames({
  list: byId("frames", HTMLElement),
  pause: byId("pause", HTMLButtonElement),
  count: byId("frames-count", HTMLElement),
});
setUpSender(client);
new Drawer({
  drawer: byId("drawer", HTMLElement),
  toggle: byId("toggle", HTMLButtonElement),
  close: byId("close", HTMLButtonElement),
  covered: ["top", "beat", "lobby"].map((id) => byId(id, HTMLElement)),
}, (open) => {
  properties.watch(open);
  frames.watch(open);
});

let greeting: Greeting | undefined;
client.addEventListener("frame", ({ direction, data }) => {
  frames.add(direction === "out", data);
  if (direction === "in") {
    greeting = greetingOf(data) ?? greeting;
  }
});
client.addEventListener("open", () => {
  if (greeting === undefined) {
    return;
  }
  lobby.started(greeting.time);
  if (greeting.following === 0) {
    // Shown as long as the feed is empty.
    byId("quiet", HTMLElement).hidden = false;
    if (greeting.recovered) {
      switchboard.nothingMissed();
    }
  }
});

setText(
  byId("lines", HTMLElement),
  `const ws = new WebSocket(
  "${client.url}",
);
ws.onmessage = (e) =>
  console.log(e.data);
ws.onopen = () => ws.send(
  '{"type":"chat","text":"hi"}',
);`,
);
