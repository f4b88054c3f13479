import type { Socket } from "../../hub/socket.ts";

/** A socket without a far end: it ignores everything that the hub sends. */
export const unconnectedSocket: Socket = {
  send() {},
  close() {},
  terminate: () => true,
  bufferedAmount: 0,
  open: true,
};
