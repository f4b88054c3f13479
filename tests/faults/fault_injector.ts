import type { FaultProxy, Link } from "./proxy.ts";
import type { Random } from "./random.ts";

/** What happens to a connection now. Each ends it sooner or later. */
const FAULTS: readonly ((link: Link, random: Random) => void)[] = [
  (link) => link.cut(),
  (link, random) => link.down.cutAfter(random.below(3000)),
  (link, random) => link.up.cutAfter(random.below(600)),
  (link) => void link.down.halfClose(),
  (link) => void link.up.halfClose(),
  (link) => link.freeze(),
  (link) => link.down.freeze(),
  (link) => link.up.freeze(),
];

/** Does random things to the connections of a proxy. */
export class Mischief {
  /** Connections that were ended. */
  cuts = 0;
  readonly #proxy: FaultProxy;
  readonly #random: Random;
  readonly #frozen = new Set<Link>();

  /** @param greetings whether to do things to new connections as well, before their first byte. */
  constructor(proxy: FaultProxy, random: Random, greetings = true) {
    this.#proxy = proxy;
    this.#random = random;
    if (greetings) proxy.onLink = (link) => this.#greet(link);
  }

  /** Ends a random connection, in one way or another; now and then a frozen one thaws. */
  strike(): void {
    const links = [...this.#proxy.links].filter((link) =>
      !link.isOver && !this.#frozen.has(link)
    );
    if (links.length === 0) return;
    const link = this.#random.pick(links);
    const fault = this.#random.pick(FAULTS);
    fault(link, this.#random);
    this.cuts++;
    // What was frozen stays so for a while: its client has long given it up when it thaws, or has not yet noticed.
    this.#frozen.add(link);
    if (this.#random.chance(0.5)) this.#thawOne();
  }

  #thawOne(): void {
    for (const link of this.#frozen) {
      this.#frozen.delete(link);
      if (!link.isOver) return link.thaw();
    }
  }

  #greet({ up, down }: Link): void {
    const random = this.#random;
    const roll = random.below(100);
    if (roll < 10) down.cutAfter(random.below(1500));
    else if (roll < 20) up.cutAfter(random.below(800));
    else if (roll < 25) down.freeze();
    else if (roll < 30) up.freeze();
    else if (roll < 35) down.delayMs = random.below(40);
    else if (roll < 40) up.delayMs = random.below(40);
    else if (roll < 45) down.bytesPerSecond = 200_000;
  }
}
