/**
 * The WebSocket's properties in the drawer.
 * @module
 */
import type { Client } from "../../client.ts";
import { closeText } from "./close_text.ts";
import type { StockMessages } from "../contract.ts";
import { byId, setText } from "../dom.ts";
import { counted } from "../text_format.ts";

const STATES = ["CONNECTING", "OPEN", "CLOSING", "CLOSED"];

/** The text of each property, by the id of its element. */
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
      : `${lastClose.code} ${closeText(lastClose.code)}${
        lastClose.reason === "" ? "" : `: “${lastClose.reason}”`
      }`,
  "value-peer": (client) => client.peer ?? "none yet",
};

/** The list of properties. It reads them once per animation frame while it is visible. */
export class Properties {
  readonly #client: Client<StockMessages>;
  readonly #values = Object.entries(VALUES)
    .map(([id, read]) => ({ element: byId(id, HTMLElement), read }));
  #frame = 0;

  /** @param client the client whose properties it shows. */
  constructor(client: Client<StockMessages>) {
    this.#client = client;
    const select = byId("binary-type", HTMLSelectElement);
    select.value = client.binaryType;
    select.addEventListener("change", () => {
      client.binaryType = select.value === "blob" ? "blob" : "arraybuffer";
    });
  }

  /**
   * Starts or stops the updates.
   *
   * @param visible true if the list is visible.
   */
  setVisible(visible: boolean): void {
    cancelAnimationFrame(this.#frame);
    if (visible) {
      this.#update(true);
    }
  }

  #update(isFirst: boolean): void {
    for (const { element, read } of this.#values) {
      if (setText(element, read(this.#client)) && !isFirst) {
        // An animation restarts only if the class is removed and the style is computed in between.
        element.classList.remove("changed");
        void element.offsetWidth;
        element.classList.add("changed");
      }
    }
    this.#frame = requestAnimationFrame(() => this.#update(false));
  }
}
