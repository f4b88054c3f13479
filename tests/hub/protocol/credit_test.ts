import { assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";
import fc from "fast-check";
import { Credit } from "../../../hub/protocol/credit.ts";

Deno.test("counts sent bytes as unacknowledged until they are acknowledged", () => {
  const credit = new Credit();
  credit.sent(10_000);
  credit.sent(50);
  assertEquals([credit.frames, credit.unackedBytes], [2, 10_050]);
  assertEquals(credit.acknowledged(1), 1);
  assertEquals(credit.unackedBytes, 50);
  assertEquals(credit.acknowledged(2), 1);
  assertEquals(credit.unackedBytes, 0);
});

Deno.test("refuses an acknowledgement of more frames than were sent", () => {
  const credit = new Credit();
  credit.sent(100);
  assertEquals(credit.acknowledged(2), -1);
  assertEquals(credit.unackedBytes, 100);
});

Deno.test("a smaller count than before acknowledges no new frame", () => {
  const credit = new Credit();
  credit.sent(100);
  credit.sent(100);
  credit.acknowledged(2);
  assertEquals([
    credit.acknowledged(1),
    credit.acknowledged(2),
    credit.acknowledged(0),
  ], [0, 0, 0]);
  assertEquals(credit.unackedBytes, 0);
});

Deno.test("the unacknowledged bytes are those of the unacknowledged frames, and at most a mark more", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.integer({ min: 0, max: 3_000 }),
          fc.double({ min: 0, max: 1, noNaN: true }),
        ),
        { maxLength: 10 },
      ),
      (rounds) => {
        const credit = new Credit();
        const sizes: number[] = [];
        let acked = 0;
        for (const [sent, share] of rounds) {
          for (let i = 0; i < sent; i++) {
            const size = 1 + sizes.length % 7;
            sizes.push(size);
            credit.sent(size);
          }
          const frames = acked + Math.floor((sizes.length - acked) * share);
          assertEquals(credit.acknowledged(frames), frames - acked);
          acked = frames;
          const unacked = sizes.slice(acked).reduce(
            (sum, size) => sum + size,
            0,
          );
          // Never too few, or the window would be exceeded; exact when every frame is acknowledged.
          assertGreaterOrEqual(credit.unackedBytes, unacked);
          assertLess(credit.unackedBytes - unacked, 4096 + 7);
          if (acked === sizes.length) assertEquals(credit.unackedBytes, 0);
        }
      },
    ),
    { numRuns: 40 },
  );
});
