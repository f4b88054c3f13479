import { MemoryStore } from "../../../adapters/store_memory.ts";
import type { LogRecord } from "../../../hub/log/record.ts";
import type { Store, StoreSink } from "../../../hub/log/store.ts";
import type { FakeClock } from "../fake_clock.ts";

/** Creates a store whose records call `read` when they are encoded into a batch. */
export function countingStore(
  read: () => void,
): (clock: FakeClock) => Store {
  return (clock: FakeClock): Store => {
    const store = new MemoryStore(clock);
    const connect = store.connect.bind(store);
    store.connect = (sink: StoreSink) => {
      const committed = sink.committed.bind(sink);
      const counting: StoreSink = Object.create(sink, {
        committed: {
          value: (
            topic: string,
            offset: number,
            records: readonly LogRecord[],
          ) => committed(topic, offset, records.map(counted)),
        },
      });
      // The sink has private fields: its methods must be called on the sink itself.
      for (
        const name of [
          "opened",
          "trimmed",
          "settled",
          "claimed",
          "failed",
        ] as const
      ) {
        Object.defineProperty(counting, name, {
          value: (sink[name] as () => void).bind(sink),
        });
      }
      connect(counting);
    };
    function counted(record: LogRecord): LogRecord {
      return Object.create(record, {
        from: {
          get() {
            read();
            return record.from;
          },
        },
      });
    }
    return store;
  };
}
