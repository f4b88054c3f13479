import { assertEquals } from "@std/assert";
import { handshake, type Harness, harness, settle } from "../harness.ts";

/** The page of a test, and the questions of its client. */
interface Page {
  readonly document: EventTarget;
  readonly questions: {
    readonly url: string;
    readonly init: RequestInit;
    answer(): void;
    fail(): void;
  }[];
}

/** Calls `run` in a page of this origin, whose `fetch` is the test's. */
async function inPage(
  origin: string,
  run: (page: Page) => Promise<void>,
): Promise<void> {
  const global = globalThis as unknown as Record<string, unknown>;
  const { fetch } = global;
  const page: Page = { document: new EventTarget(), questions: [] };
  const location = Object.getOwnPropertyDescriptor(globalThis, "location");
  Object.defineProperty(globalThis, "location", {
    configurable: true,
    value: { origin, href: `${origin}/` },
  });
  global.document = page.document;
  global.fetch = (url: string, init: RequestInit) => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    page.questions.push({
      url,
      init,
      answer: () => resolve({}),
      fail: () => reject(new TypeError("Failed to fetch")),
    });
    return promise;
  };
  try {
    await run(page);
  } finally {
    delete global.document;
    global.fetch = fetch;
    if (location) Object.defineProperty(globalThis, "location", location);
  }
}

/** Waits for the next attempt. */
function next({ client, clock }: Harness): void {
  clock.tick(client.retryAt! - clock.time());
}

/** Lets three attempts fail, and starts the fourth. */
function failThree(h: Harness): void {
  for (let i = 0; i < 3; i++) {
    h.net.last.drop();
    next(h);
  }
}

Deno.test("after three failures a page probes the server by fetch, and opens a WebSocket when the server answers", async () => {
  await inPage("http://hub.test", async ({ questions }) => {
    using h = harness();
    failThree(h);
    assertEquals([h.client.state, h.net.sockets.length], ["connecting", 3]);
    const [{ url, init }] = questions as [Page["questions"][0]];
    assertEquals([url, init.mode, init.cache, init.credentials], [
      "http://hub.test/ws",
      "no-cors",
      "no-store",
      "omit",
    ]);
    questions[0]!.fail();
    await settle();
    assertEquals(
      [h.client.state, h.client.lastClose?.code, h.client.lastClose?.reason],
      ["waiting", 1006, "Server does not answer"],
    );
    next(h);
    questions[1]!.answer();
    await settle();
    assertEquals([h.client.state, h.net.sockets.length], ["connecting", 4]);
    handshake(h.net.last);
    // The next failure is the first one again.
    h.net.last.drop();
    next(h);
    assertEquals([h.net.sockets.length, questions.length], [5, 2]);
  });
});

Deno.test("a question without an answer ends with the connect timeout", async () => {
  await inPage("http://hub.test", async ({ questions }) => {
    using h = harness();
    failThree(h);
    h.clock.tick(8_000);
    assertEquals(h.client.state, "waiting");
    assertEquals(questions[0]!.init.signal!.aborted, true);
    questions[0]!.answer();
    await settle();
    assertEquals([h.client.state, h.net.sockets.length], ["waiting", 3]);
  });
});

Deno.test("close() and a kept page end a question", async () => {
  for (const end of ["close", "pagehide"]) {
    await inPage("http://hub.test", async ({ questions }) => {
      using h = harness();
      failThree(h);
      if (end === "close") h.client.close();
      else {
        globalThis.dispatchEvent(
          Object.assign(new Event("pagehide"), { persisted: true }),
        );
      }
      assertEquals([questions[0]!.init.signal!.aborted, h.clock.pending], [
        true,
        0,
      ]);
      questions[0]!.answer();
      await settle();
      assertEquals(h.net.sockets.length, 3);
    });
  }
});

Deno.test("does not probe if the page's policy forbids it", async () => {
  await inPage("http://hub.test", async ({ document, questions }) => {
    using h = harness();
    failThree(h);
    document.dispatchEvent(
      Object.assign(new Event("securitypolicyviolation"), {
        effectiveDirective: "connect-src",
      }),
    );
    questions[0]!.fail();
    await settle();
    assertEquals(h.net.sockets.length, 4);
    h.net.last.drop();
    next(h);
    assertEquals([h.net.sockets.length, questions.length], [5, 1]);
  });
});

Deno.test("opens a WebSocket to another origin every half minute although no question was ever answered", async () => {
  await inPage("http://page.test", async ({ questions }) => {
    using h = harness();
    failThree(h);
    const startedAt = h.clock.now();
    while (h.net.sockets.length === 3) {
      questions.at(-1)!.fail();
      await settle();
      if (h.client.state === "waiting") next(h);
    }
    const elapsedMs = h.clock.now() - startedAt;
    assertEquals([elapsedMs > 25_000, elapsedMs < 41_000], [true, true]);
  });
});

Deno.test("a worker and a plain client do not probe", async () => {
  using worker = harness();
  failThree(worker);
  assertEquals(worker.net.sockets.length, 4);
  await inPage("http://hub.test", ({ questions }) => {
    using plain = harness({ dialect: "plain" });
    failThree(plain);
    assertEquals([plain.net.sockets.length, questions.length], [4, 0]);
    return Promise.resolve();
  });
});
