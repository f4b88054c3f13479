import { type Peer, PEERS, peersFolder } from "./peers.ts";

/** A server of which several nodes share a Redis. */
export interface NodePeer extends Pick<Peer, "name" | "needs"> {
  /** Starts one of its nodes. @param redis the URL of the shared Redis. */
  node(redis: string): Peer;
}

const drumbeat = PEERS.find(({ name }) => name === "drumbeat")!;
const socketio = PEERS.find(({ name }) => name === "socket.io")!;
const ADAPTER = "@socket.io/redis-streams-adapter";

/** Drumbeat first: every ratio is Drumbeat's value divided by the other's. */
export const nodePeers: readonly NodePeer[] = [
  {
    name: "drumbeat",
    needs: {},
    node: (redis) => ({
      ...drumbeat,
      command: (duty, port) => [
        ...drumbeat.command(duty, port),
        ...["--store", redis],
      ],
    }),
  },
  {
    name: "socket.io",
    needs: { program: "node", file: `${ADAPTER}/package.json` },
    node: (redis) => ({
      ...socketio,
      command: () => ["node", `${peersFolder}/socketio_nodes.mjs`, redis],
    }),
  },
];
