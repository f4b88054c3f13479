import { acknowledged, online, send } from "./driven_lobby.ts";
import { everyBrowserTest } from "./every_browser.ts";
import { start } from "./lobby_page.ts";

/** A proxy that removes a path prefix from each request, and serves nothing outside of it. */
function startProxy(
  prefix: string,
  port: number,
): AsyncDisposable & { readonly url: string } {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const open = new Set<Promise<unknown>>();
  const relay = async (client: Deno.TcpConn): Promise<void> => {
    const server = await Deno.connect({ port, hostname: "127.0.0.1" });
    const withoutPrefix = new TransformStream<
      Uint8Array<ArrayBuffer>,
      Uint8Array<ArrayBuffer>
    >({
      transform(chunk, controller) {
        // The browser sends each request in one piece, and after a handshake the bytes are masked.
        const text = new TextDecoder("latin1").decode(chunk.subarray(0, 200));
        const method = "GET ";
        if (!text.startsWith(`${method}/`)) return controller.enqueue(chunk);
        const isInside = text.startsWith(`${method}${prefix}/`);
        controller.enqueue(
          new TextEncoder().encode(isInside ? method : `${method}/outside`),
        );
        controller.enqueue(
          chunk.subarray(method.length + (isInside ? prefix.length : 0)),
        );
      },
    });
    await Promise.allSettled([
      client.readable.pipeThrough(withoutPrefix).pipeTo(server.writable),
      server.readable.pipeTo(client.writable),
    ]);
  };
  const accepting = (async () => {
    for await (const client of listener) open.add(relay(client));
  })();
  return {
    url: `http://127.0.0.1:${listener.addr.port}${prefix}/`,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
    },
  };
}

everyBrowserTest(
  "works behind a proxy that removes a path prefix",
  async (browser) => {
    await using server = start();
    await using proxy = startProxy("/chat", server.addr.port);
    const page = await online(browser, proxy.url);
    await send(page, "under a prefix");
    await acknowledged(page, "under a prefix");
  },
);
