/**
 * WebKitGTK's MiniBrowser on a virtual display, driven by WebKitWebDriver.
 * @module
 */
import {
  type BrowserDriver,
  DEFAULT_SIZE,
  isConnectionError,
  type PageDriver,
  type Size,
} from "./driver.ts";
import { isFile, startProcess } from "./process.ts";
import {
  centerOf,
  clickActions,
  type InputActions,
  pressActions,
  textOf,
  typeActions,
} from "./w3c_input.ts";

const DRIVER = "/usr/bin/WebKitWebDriver";
const DISPLAY_SERVER = "/usr/bin/Xvfb";
const ARCHITECTURE = Deno.build.arch === "x86_64"
  ? "x86_64-linux-gnu"
  : "aarch64-linux-gnu";
const EXECUTABLE = Deno.env.get("MINIBROWSER") ??
  `/usr/lib/${ARCHITECTURE}/webkit2gtk-4.1/MiniBrowser`;

/** True if MiniBrowser, its driver and the display server are installed. */
export const hasWebKit: boolean = [DRIVER, DISPLAY_SERVER, EXECUTABLE]
  .every(isFile);

/** The screen has room for two windows beside each other: windows that cover one another stop drawing. */
const SCREEN = "2800x1000x24";
/**
 * The x coordinates of the windows. Without a window manager the window under the pointer has the focus. The pointer is in the
 * middle of the screen, and WebKit matches `:focus` in the window with the focus only: the first one covers the middle.
 */
const WINDOW_X = [1300, 0];

/** The reply of a command. Each command has a type of its own. */
// deno-lint-ignore no-explicit-any
type Reply = any;

/** Options of {@linkcode launchWebKit}. */
export interface WebKitOptions {
  /** The color scheme of pages. Default: "light". */
  readonly colorScheme?: "light" | "dark";
}

/** Starts MiniBrowser. */
export async function launchWebKit(
  { colorScheme = "light" }: WebKitOptions = {},
): Promise<BrowserDriver> {
  const directory = await Deno.makeTempDir({ prefix: "drumbeat-webkit-" });
  const display = startProcess(DISPLAY_SERVER, [
    "-displayfd",
    "1",
    "-screen",
    "0",
    SCREEN,
    "-nolisten",
    "tcp",
  ]);
  const number = await display.found(/^(\d+)$/);
  const port = freePort();
  const process = startProcess(DRIVER, ["--host=127.0.0.1", `--port=${port}`], {
    DISPLAY: `:${number}`,
    GTK_A11Y: "none",
    GTK_THEME: colorScheme === "dark" ? "Adwaita:dark" : "Adwaita",
    NO_AT_BRIDGE: "1",
    XDG_CACHE_HOME: directory,
    XDG_DATA_HOME: directory,
  });
  const problems = new Set<string[]>();
  process.onLine((line) => {
    const text = /^CONSOLE \S+ ERROR (.*)/.exec(line)?.[1];
    // The output does not name the window.
    if (text !== undefined && !isConnectionError(text)) {
      for (const list of problems) list.push(text);
    }
  });
  await listening(port);
  const session = await WebDriverSession.start(port);
  const [firstWindow] = await session.get("/window/handles");
  let windows = 0;
  let pages: WebKitPage[] = [];
  return {
    name: "WebKit",
    async open(url, size = DEFAULT_SIZE) {
      const { handle } = await session.post("/window/new", { type: "window" });
      const page = new WebKitPage(
        session,
        handle,
        WINDOW_X[windows++ % WINDOW_X.length]!,
      );
      pages.push(page);
      problems.add(page.problems);
      await page.resize(size);
      await page.goto(url);
      return page;
    },
    async closePages() {
      for (const page of pages) await page.close();
      pages = [];
      windows = 0;
      problems.clear();
      await session.focus(firstWindow);
    },
    async close() {
      await session.end();
      await process.end();
      await display.end();
      await Deno.remove(directory, { recursive: true });
    },
  };
}

function freePort(): number {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  return (listener.addr as Deno.NetAddr).port;
}

/** Waits until the driver listens: it prints nothing when it does. */
async function listening(port: number): Promise<void> {
  for (let attempt = 0;; attempt++) {
    try {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port });
      connection.close();
      return;
    } catch (error) {
      if (attempt === 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** A session of WebDriver classic. Commands go to one window at a time. */
class WebDriverSession {
  readonly #url: string;
  #window = "";
  #last: Promise<unknown> = Promise.resolve();

  constructor(url: string) {
    this.#url = url;
  }

  static async start(port: number): Promise<WebDriverSession> {
    const root = `http://127.0.0.1:${port}/session`;
    const { sessionId } = await request("POST", root, {
      capabilities: {
        alwaysMatch: {
          "webkitgtk:browserOptions": {
            binary: EXECUTABLE,
            args: [
              "--automation",
              "--enable-write-console-messages-to-stdout=true",
            ],
          },
        },
      },
    });
    const session = new WebDriverSession(`${root}/${sessionId}`);
    await session.post("/timeouts", { script: 60_000, pageLoad: 60_000 });
    return session;
  }
  get(path: string): Promise<Reply> {
    return request("GET", this.#url + path);
  }
  post(path: string, body: unknown): Promise<Reply> {
    return request("POST", this.#url + path, body);
  }

  async focus(window: string): Promise<void> {
    if (this.#window !== window) {
      await this.post("/window", { handle: window });
      this.#window = window;
    }
  }

  /** Runs commands for one window, after those that began earlier. */
  inWindow<T>(window: string, run: () => Promise<T>): Promise<T> {
    const result = this.#last.then(async () => {
      await this.focus(window);
      return await run();
    });
    this.#last = result.catch(() => {});
    return result;
  }

  /** Closes the selected window. */
  async closeWindow(): Promise<void> {
    this.#window = "";
    await request("DELETE", `${this.#url}/window`);
  }

  async end(): Promise<void> {
    await request("DELETE", this.#url);
  }
}
async function request(
  method: string,
  url: string,
  body?: unknown,
): Promise<Reply> {
  const response = await fetch(url, {
    method,
    ...body === undefined ? {} : { body: JSON.stringify(body) },
  });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`${value.error}: ${value.message}`);
  return value;
}

class WebKitPage implements PageDriver {
  readonly browser = "WebKit";
  readonly problems: string[] = [];
  readonly #session: WebDriverSession;
  readonly #handle: string;
  readonly #x: number;
  #isClosed = false;

  constructor(session: WebDriverSession, handle: string, x: number) {
    this.#session = session;
    this.#handle = handle;
    this.#x = x;
  }

  async evaluate<T>(expression: string): Promise<T> {
    const text = await this.#post("/execute/async", {
      script: `const done = arguments[0];
        (async () => JSON.stringify((await (${expression})) ?? null))()
          .then((json) => done("=" + json), (error) => done(String(error)));`,
      args: [],
    });
    if (!text.startsWith("=")) throw new Error(text);
    return JSON.parse(text.slice(1));
  }

  async goto(url: string): Promise<void> {
    await this.#post("/url", { url });
  }

  async back(): Promise<void> {
    await this.#post("/back", {});
  }

  type(text: string): Promise<void> {
    return this.#perform(typeActions(text));
  }

  press(key: string): Promise<void> {
    return this.#perform(pressActions(key));
  }

  async click(selector: string): Promise<void> {
    const [x, y] = await this.evaluate<[number, number]>(centerOf(selector));
    await this.#perform(clickActions(x, y));
  }

  text(selector: string): Promise<string> {
    return this.evaluate(textOf(selector));
  }

  async resize({ width, height }: Size): Promise<void> {
    const rect = { x: this.#x, y: 0, width, height };
    await this.#post("/window/rect", rect);
    // The rectangle includes the browser's own controls.
    const [wide, high] = await this.evaluate<[number, number]>(
      "[innerWidth, innerHeight]",
    );
    await this.#post("/window/rect", {
      ...rect,
      width: 2 * width - wide,
      height: 2 * height - high,
    });
  }

  async screenshot(): Promise<Uint8Array<ArrayBuffer>> {
    const data: string = await this.#session.inWindow(
      this.#handle,
      () => this.#session.get("/screenshot"),
    );
    return Uint8Array.fromBase64(data);
  }

  async close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      await this.#session.inWindow(
        this.#handle,
        () => this.#session.closeWindow(),
      );
    }
  }

  async #perform(actions: InputActions): Promise<void> {
    await this.#post("/actions", { actions: [actions] });
  }
  #post(path: string, body: unknown): Promise<Reply> {
    return this.#session.inWindow(
      this.#handle,
      () => this.#session.post(path, body),
    );
  }
}
