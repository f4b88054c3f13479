import { Log } from "../../hub/log/log.ts";
import type { TopicSettings } from "../../hub/log/topic_options.ts";

/** A log that several workers share. */
export class HostedLog {
  readonly name: string;
  readonly settings: TopicSettings;
  readonly log: Log;

  /** @param keepsBelowRing `true` if the store keeps records below the ring. */
  constructor(name: string, settings: TopicSettings, keepsBelowRing: boolean) {
    this.name = name;
    this.settings = settings;
    this.log = new Log(settings.lag, keepsBelowRing);
  }

  /** Trims the records above the retention. @param now the monotonic time in ms. */
  trim(now: number): void {
    this.log.ring.trim(this.settings, now);
  }
}
