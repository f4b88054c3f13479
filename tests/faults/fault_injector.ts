import type { FaultProxy, Link } from "./proxy.ts";
import type { Random } from "./random.ts";

/** The faults of a live connection. Each ends the connection, at once or after a timeout. */
const FAULTS: readonly ((link: Link, random: Random) => void)[] = [
  (link) => link.disconnect(),
  (link, random) => link.down.disconnectAfter(random.below(3000)),
  (link, random) => link.up.disconnectAfter(random.below(600)),
  (link) => void link.down.halfClose(),
  (link) => void link.up.halfClose(),
  (link) => link.freeze(),
  (link) => link.down.freeze(),
  (link) => link.up.freeze(),
];

/** Injects random faults into the connections of a proxy: into new ones before their first byte, and into live ones. */
export class FaultInjector {
  /** The number of faults that end a connection. */
  faults = 0;
  readonly #proxy: FaultProxy;
  readonly #random: Random;
  readonly #faulty = new Set<Link>();

  constructor(proxy: FaultProxy, random: Random) {
    this.#proxy = proxy;
    this.#random = random;
    proxy.onLink = (link) => this.#injectAtStart(link);
  }

  /** Injects a random fault into a random connection, and sometimes unfreezes a frozen one. */
  inject(): void {
    const links = [...this.#proxy.links].filter((link) =>
      !link.isClosed && !this.#faulty.has(link)
    );
    if (links.length === 0) return;
    const link = this.#random.pick(links);
    const fault = this.#random.pick(FAULTS);
    fault(link, this.#random);
    this.faults++;
    // A frozen connection stays frozen for a while: its client has replaced it by then, or has not noticed yet.
    this.#faulty.add(link);
    if (this.#random.chance(0.5)) this.#unfreezeOne();
  }

  #unfreezeOne(): void {
    for (const link of this.#faulty) {
      this.#faulty.delete(link);
      if (!link.isClosed) return link.unfreeze();
    }
  }

  #injectAtStart({ up, down }: Link): void {
    const random = this.#random;
    const roll = random.below(100);
    if (roll < 10) down.disconnectAfter(random.below(1500));
    else if (roll < 20) up.disconnectAfter(random.below(800));
    else if (roll < 25) down.freeze();
    else if (roll < 30) up.freeze();
    else if (roll < 35) down.delayMs = random.below(40);
    else if (roll < 40) up.delayMs = random.below(40);
    else if (roll < 45) down.bytesPerSecond = 200_000;
  }
}
