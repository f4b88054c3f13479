/**
 * Firefox, driven by WebDriver BiDi.
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

const EXECUTABLE = Deno.env.get("FIREFOX") ?? "/usr/bin/firefox-esr";

/** True if Firefox is installed. */
export const hasFirefox: boolean = isFile(EXECUTABLE);

/** Settings of the profile: no dialogs of a first run, and no requests to Mozilla's servers. */
const PREFERENCES = {
  "app.normandy.enabled": false,
  "app.update.enabled": false,
  "browser.aboutwelcome.enabled": false,
  "browser.newtabpage.enabled": false,
  "browser.preonboarding.enabled": false,
  "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.provider.mozilla.updateURL": "",
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.homepage_override.mstone": "ignore",
  "browser.startup.page": 0,
  "browser.topsites.contile.enabled": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.update.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "http://127.0.0.1:9/v1",
  "termsofuse.bypassNotification": true,
  "toolkit.telemetry.reportingpolicy.firstRun": false,
};

/** The result of a command. Each command has a type of its own. */
// deno-lint-ignore no-explicit-any
type Reply = any;

interface LogEntry {
  readonly level: string;
  readonly text: string;
  readonly source: { readonly context?: string };
}

/** A JSON-RPC connection to the browser. */
class BidiConnection {
  readonly #socket: WebSocket;
  readonly #onLog: (entry: LogEntry) => void;
  readonly #calls = new Map<number, PromiseWithResolvers<unknown>>();
  #next = 1;

  constructor(socket: WebSocket, onLog: (entry: LogEntry) => void) {
    this.#socket = socket;
    this.#onLog = onLog;
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    socket.onclose = () => {
      for (const { reject } of this.#calls.values()) {
        reject(new Error("Firefox closed its WebDriver BiDi connection"));
      }
      this.#calls.clear();
    };
  }
  async call(method: string, params: unknown): Promise<Reply> {
    const id = this.#next++;
    const call = Promise.withResolvers<unknown>();
    this.#calls.set(id, call);
    this.#socket.send(JSON.stringify({ id, method, params }));
    return await call.promise;
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.addEventListener("close", () => resolve());
    this.#socket.close();
    await promise;
  }

  #receive(
    message: {
      id?: number;
      method?: string;
      params?: LogEntry;
      result?: unknown;
      error?: string;
      message?: string;
    },
  ): void {
    if (message.method === "log.entryAdded") {
      this.#onLog(message.params!);
    }
    const call = this.#calls.get(message.id ?? 0);
    if (call !== undefined) {
      this.#calls.delete(message.id!);
      if (message.error === undefined) call.resolve(message.result);
      else call.reject(new Error(`${message.error}: ${message.message}`));
    }
  }
}

/** Options of {@linkcode launchFirefox}. */
export interface FirefoxOptions {
  /** The color scheme of pages. Default: "light". */
  readonly colorScheme?: "light" | "dark";
}

/** Starts Firefox without a display. */
export async function launchFirefox(
  { colorScheme = "light" }: FirefoxOptions = {},
): Promise<BrowserDriver> {
  const profile = await Deno.makeTempDir({ prefix: "drumbeat-firefox-" });
  const preferences = {
    ...PREFERENCES,
    "layout.css.prefers-color-scheme.content-override": colorScheme === "dark"
      ? 0
      : 1,
  };
  await Deno.writeTextFile(
    `${profile}/user.js`,
    Object.entries(preferences).map(([name, value]) =>
      `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`
    ).join(""),
  );
  const process = startProcess(EXECUTABLE, [
    "--headless",
    "--remote-debugging-port",
    "0",
    "--profile",
    profile,
    "--no-remote",
    "about:blank",
  ]);
  const address = await process.found(/WebDriver BiDi listening on (ws:\S+)/);
  const socket = new WebSocket(`${address}/session`);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error(`Cannot connect to ${address}`));
  });
  const pages = new Map<string, FirefoxPage>();
  const connection = new BidiConnection(
    socket,
    ({ level, text, source }) => {
      if (level === "error" && !isConnectionError(text)) {
        pages.get(source.context ?? "")?.problems.push(text);
      }
    },
  );
  await connection.call("session.new", { capabilities: {} });
  await connection.call("session.subscribe", { events: ["log.entryAdded"] });
  return {
    name: "Firefox",
    async open(url, size = DEFAULT_SIZE) {
      const { context } = await connection.call("browsingContext.create", {
        type: "window",
      });
      const page = new FirefoxPage(connection, context);
      pages.set(context, page);
      await page.resize(size);
      await page.goto(url);
      return page;
    },
    async closePages() {
      for (const page of pages.values()) await page.close();
      pages.clear();
    },
    async close() {
      await connection.call("browser.close", {}).catch(() => {});
      await connection.close();
      await process.end();
      await Deno.remove(profile, { recursive: true });
    },
  };
}

class FirefoxPage implements PageDriver {
  readonly browser = "Firefox";
  readonly problems: string[] = [];
  readonly #connection: BidiConnection;
  readonly #context: string;
  #isClosed = false;

  constructor(connection: BidiConnection, context: string) {
    this.#connection = connection;
    this.#context = context;
  }

  async evaluate<T>(expression: string): Promise<T> {
    const { type, result, exceptionDetails } = await this.#connection.call(
      "script.evaluate",
      {
        expression:
          `(async () => JSON.stringify((await (${expression})) ?? null))()`,
        target: { context: this.#context },
        awaitPromise: true,
      },
    );
    if (type === "exception") throw new Error(exceptionDetails.text);
    return JSON.parse(result.value);
  }

  goto(url: string): Promise<void> {
    return this.#call("browsingContext.navigate", { url, wait: "complete" });
  }

  back(): Promise<void> {
    return this.#call("browsingContext.traverseHistory", { delta: -1 });
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

  resize(viewport: Size): Promise<void> {
    return this.#call("browsingContext.setViewport", { viewport });
  }

  async screenshot(): Promise<Uint8Array<ArrayBuffer>> {
    const { data } = await this.#connection.call(
      "browsingContext.captureScreenshot",
      { context: this.#context },
    );
    return Uint8Array.fromBase64(data);
  }

  async close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      await this.#call("browsingContext.close", {});
    }
  }

  #perform(actions: InputActions): Promise<void> {
    return this.#call("input.performActions", { actions: [actions] });
  }

  async #call(method: string, params: object): Promise<void> {
    await this.#connection.call(method, { context: this.#context, ...params });
  }
}
