/**
 * The page: connects to the hub, and passes the client's events to the parts of the page.
 * @module
 */
import { connect } from "../client.ts";
import { CloseCode } from "../messages.ts";
import { setUpComposer } from "./compose/composer.ts";
import { setUpRawSender } from "./compose/raw_sender.ts";
import { BreakableSocket } from "./connection/breakable_socket.ts";
import { closeText } from "./connection/close_text.ts";
import { ConnectionControls } from "./connection/connection_controls.ts";
import { Properties } from "./connection/properties.ts";
import { askForToken, storedToken } from "./connection/sign_in.ts";
import {
  isGoaway,
  type LobbyStart,
  readStart,
} from "./connection/start_frame.ts";
import { contract } from "./contract.ts";
import { byId, setText } from "./dom.ts";
import { Drawer } from "./drawer.ts";
import { Feed } from "./feed/feed.ts";
import { FrameList } from "./feed/frame_list.ts";
import { Lobby } from "./feed/lobby.ts";
import { HeartbeatPanel } from "./heartbeat/heartbeat_panel.ts";
import { fitViewport } from "./viewport.ts";

fitViewport();

const client = connect("ws", {
  contract,
  token: storedToken(),
  WebSocket: BreakableSocket,
});

const feed = new Feed();
const heartbeat = new HeartbeatPanel(client);
const lobby = new Lobby(client, feed, (own) => heartbeat.addMessage(own));
const composer = setUpComposer((text, name) => lobby.publish(text, name));
const controls = new ConnectionControls(client, feed, (connected) => {
  heartbeat.setConnected(connected);
  lobby.setConnected(connected);
});

const properties = new Properties(client);
const frames = new FrameList();
setUpRawSender(client);
new Drawer((isOpen) => {
  properties.setVisible(isOpen);
  frames.setVisible(isOpen);
});

let start: LobbyStart | undefined;
client.addEventListener("frame", ({ direction, data }) => {
  frames.add(direction === "out", data);
  if (direction === "in") {
    start = readStart(data) ?? start;
    if (isGoaway(data)) {
      controls.announceRestart();
    }
  }
});
client.addEventListener("close", ({ code }) => {
  composer.disable(`Cannot send: ${closeText(code)} (${code}).`);
  if (code === CloseCode.unauthenticated) {
    askForToken();
  }
});
client.addEventListener("open", () => {
  // Later errors are not those of the start: static/startup.ts ignores them.
  document.documentElement.dataset.started = "";
  if (start === undefined) {
    return;
  }
  lobby.setStart(start.time);
  if (start.pending === 0) {
    // The style sheet shows this text only while the feed is empty.
    byId("empty-feed", HTMLElement).hidden = false;
    if (start.recovered) {
      controls.reportNothingMissed();
    }
  }
});

setText(
  byId("snippet", HTMLElement),
  `const ws = new WebSocket(
  "${client.url}",
);
ws.onmessage = (e) =>
  console.log(e.data);
ws.onopen = () => ws.send(
  '{"type":"chat","text":"hi"}',
);`,
);
