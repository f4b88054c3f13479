import type {
  GapRecord,
  ListenerOptions,
  MessageHandler,
  MessageMap,
  MessageOf,
  TopicRecord,
} from "../../messages.ts";
import { Listeners } from "../listeners.ts";

/** The handlers of a topic's records, called in the order in which they were added. */
export class RecordListeners<M extends MessageMap>
  extends Listeners<TopicRecord<M>> {
  /** Adds a handler of the messages of one type. */
  on<T extends keyof M & string>(
    type: T,
    handler: MessageHandler<MessageOf<M, T>>,
    options?: ListenerOptions,
  ): () => void {
    return this.add((record, remove) => {
      if (record.kind === "record" && record.message.type === type) {
        remove?.();
        handler(record.message as MessageOf<M, T>, record);
      }
    }, options);
  }

  /** Adds a handler of the messages of every type. */
  onAny(
    handler: MessageHandler<MessageOf<M>>,
    options?: ListenerOptions,
  ): () => void {
    return this.add((record, remove) => {
      if (record.kind === "record") {
        remove?.();
        handler(record.message, record);
      }
    }, options);
  }

  /** Adds a handler of binary payloads. */
  onBinary(
    handler: MessageHandler<Uint8Array<ArrayBuffer>>,
    options?: ListenerOptions,
  ): () => void {
    return this.add((record, remove) => {
      if (record.kind === "binary") {
        remove?.();
        handler(record.payload, record);
      }
    }, options);
  }

  /** Adds a handler of gaps. */
  onGap(
    handler: (gap: GapRecord) => void,
    options?: ListenerOptions,
  ): () => void {
    return this.add((record, remove) => {
      if (record.kind === "gap") {
        remove?.();
        handler(record);
      }
    }, options);
  }
}
