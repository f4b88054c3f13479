import { concat, encodeFrame } from "../../raw_peer.ts";
import type { Random } from "../random.ts";
import { textFrame } from "./client_frames.ts";

const TYPES = [
  "hello",
  "ping",
  "pong",
  "publish",
  "ack",
  "subscribe",
  "unsubscribe",
  "request",
  "presence",
  "history",
  "start",
  "batch",
  "constructor",
  "__proto__",
  "",
];
const FIELDS = [
  "id",
  "topic",
  "message",
  "frames",
  "time",
  "last",
  "epoch",
  "offset",
  "data",
  "method",
  "from",
  "limit",
  "presence",
  "__proto__",
];
const VALUES = [
  "0",
  "1",
  "7",
  "-1",
  "1.5",
  "1e300",
  "null",
  "true",
  '""',
  '"here"',
  '"room:1"',
  '"$hub"',
  '"\\u0000"',
  '"\\ud800"',
  "[]",
  "{}",
  '{"type":"chat","text":"x"}',
  '{"type":"ping"}',
  "[[[[[[[[]]]]]]]]",
  '"🥁"',
];
/** A source of random frames, from arbitrary bytes to nearly valid ones. A seed gives the same frames each time. */
export class Fuzzer {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Returns the bytes of some frames. `isRaw`: some bytes are not a valid frame of RFC 6455. */
  frames(count: number): { bytes: Uint8Array<ArrayBuffer>; isRaw: boolean } {
    const frames: Uint8Array[] = [];
    let isRaw = false;
    for (let n = 0; n < count; n++) {
      const roll = this.#random.below(1000);
      // Most frames are nearly valid: an invalid one ends the connection, and the frames after it test nothing.
      if (roll < 975) frames.push(textFrame(this.#frame()));
      else if (roll < 985) frames.push(encodeFrame(2, this.#bytes(200)));
      else if (roll < 993) frames.push(textFrame(this.#corrupted()));
      else if (roll < 998) frames.push(encodeFrame(9, this.#bytes(125)));
      else {
        isRaw = true;
        const opcode = this.#random.below(16);
        frames.push(
          roll === 998 ? encodeFrame(opcode, this.#bytes(50)) : this.#bytes(60),
        );
      }
    }
    return { bytes: concat(frames), isRaw };
  }

  #frame(): string {
    const random = this.#random;
    let json = `{"type":"${random.pick(TYPES)}"`;
    for (let n = random.below(6); n > 0; n--) {
      json += `,"${random.pick(FIELDS)}":${random.pick(VALUES)}`;
    }
    return `${json}}`;
  }

  /** Returns a truncated frame, or one with a wrong character. */
  #corrupted(): string {
    const frame = this.#frame();
    const at = this.#random.below(frame.length);
    return this.#random.chance(0.5)
      ? frame.slice(0, at)
      : frame.slice(0, at) + "\\" + frame.slice(at + 1);
  }

  #bytes(most: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.#random.below(most + 1));
    for (let n = 0; n < bytes.length; n++) bytes[n] = this.#random.below(256);
    return bytes;
  }
}
