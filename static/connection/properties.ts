/**
 * The properties of the WebSocket as they change, in the drawer.
 * @module
 */
import type { Client } from "../../client.ts";
import { closeWords } from "./close_text.ts";
import type { StockMessages } from "../contract.ts";
import { byId, setText } from "../dom.ts";
import { counted } from "../feed/payload.ts";

const STATES = ["CONNECTING", "OPEN", "CLOSING", "CLOSED"];

/** How each property reads. */
const VALUES: Readonly<
  Record<string, (client: Client<StockMessages>) => string>
> = {
  "value-url": (client) => client.url,
  "value-protocol": (client) => client.protocol || "(none)",
  "value-ready-state": ({ readyState }) =>
    `${readyState} ${STATES[readyState] ?? ""}`,
  "value-buffered": (client) => counted(client.bufferedAmount, "byte"),
  "value-close": ({ lastClose }) =>
    lastClose === undefined
      ? "none yet"
      : `${lastClose.code} ${closeWords(lastClose.code)}${
        lastClose.reason === "" ? "" : `: “${lastClose.reason}”`
      }`,
  "value-peer": (client) => client.peer ?? "(not yet)",
};

/** The list of properties. It looks once per frame, while it can be seen. */
export class Properties {
  readonly #client: Client<StockMessages>;
  readonly #values = Object.entries(VALUES)
    .map(([id, read]) => ({ place: byId(id, HTMLElement), read }));
  #frame = 0;

  /** @param client whose properties. */
  constructor(client: Client<StockMessages>) {
    this.#client = client;
    const select = byId("binary-type", HTMLSelectElement);
    select.value = client.binaryType;
    select.addEventListener("change", () => {
      client.binaryType = select.value === "blob" ? "blob" : "arraybuffer";
    });
  }

  /**
   * Starts or stops looking.
   *
   * @param visible whether the list is on the screen.
   */
  watch(visible: boolean): void {
    cancelAnimationFrame(this.#frame);
    if (visible) {
      this.#look(true);
    }
  }

  #look(first: boolean): void {
    for (const { place, read } of this.#values) {
      if (setText(place, read(this.#client)) && !first) {
        // The same class twice starts no animation again.
        place.classList.remove("changed");
        void place.offsetWidth;
        place.classList.add("changed");
      }
    }
    this.#frame = requestAnimationFrame(() => this.#look(false));
  }
}
