/** A plain WebSocket client whose messages are awaited one at a time, without a timer. */
export interface PlainPeer extends AsyncDisposable {
  /** Returns the next message. Rejects if the connection closes before one arrives. */
  next(): Promise<string>;
  /** Sends text. */
  send(text: string): void;
}

/**
 * Opens a connection.
 *
 * @param url the server's URL.
 * @param protocols the subprotocols to offer.
 * @returns the peer, once it is open.
 */
export async function openPeer(
  url: string,
  protocols: string[] = [],
): Promise<PlainPeer> {
  const socket = new WebSocket(url, protocols);
  const arrived: string[] = [];
  let wake = () => {};
  socket.addEventListener("message", ({ data }) => {
    arrived.push(data);
    wake();
  });
  const closed = new Promise<void>((resolve) =>
    socket.addEventListener("close", () => {
      resolve();
      wake();
    })
  );
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener(
      "close",
      ({ code }) =>
        reject(new Error(`Cannot connect to ${url}: closed with ${code}`)),
    );
  });
  return {
    async next() {
      while (arrived.length === 0) {
        if (socket.readyState > WebSocket.OPEN) {
          throw new Error("Cannot read a message: the connection is closed");
        }
        await new Promise<void>((resolve) => wake = resolve);
      }
      return arrived.shift()!;
    },
    send: (text) => socket.send(text),
    [Symbol.asyncDispose]() {
      socket.close();
      return closed;
    },
  };
}
