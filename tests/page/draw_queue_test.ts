import { assertEquals } from "@std/assert";
import {
  DrawQueue,
  type DrawQueueOptions,
} from "../../static/feed/draw_queue.ts";

/** Animation frames that a test runs by hand. */
class Frames {
  #callback: ((now: number) => void) | undefined;

  request(callback: (now: number) => void): number {
    this.#callback = callback;
    return 1;
  }

  /** Runs the requested frame, and returns true if there was one. */
  run(now: number): boolean {
    const callback = this.#callback;
    this.#callback = undefined;
    callback?.(now);
    return callback !== undefined;
  }
}

function queueOf(options: Partial<DrawQueueOptions<number>>) {
  const frames = new Frames();
  const drawn: number[][] = [];
  const queue = new DrawQueue<number>({
    eachMs: 10,
    burstMs: 0,
    perFrame: 2,
    maxWaiting: 4,
    requestFrame: (callback) => frames.request(callback),
    draw: (items) => drawn.push(items),
    ...options,
  });
  return { frames, drawn, queue };
}

Deno.test("draws a bounded number of items per frame, at a bounded rate", () => {
  const { frames, drawn, queue } = queueOf({});
  for (const item of [1, 2, 3]) queue.add(item);
  for (const now of [100, 110, 120]) frames.run(now);
  assertEquals(drawn, [[1, 2], [], [3]]);
  assertEquals(frames.run(130), false);
});

Deno.test("draws a burst without delay after a pause", () => {
  const { frames, drawn, queue } = queueOf({ burstMs: 40 });
  for (const item of [1, 2, 3, 4]) queue.add(item);
  for (const now of [100, 101]) frames.run(now);
  assertEquals(drawn, [[1, 2], [3, 4]]);
});

Deno.test("drops the oldest droppable item above its bound, and counts it", () => {
  const { frames, drawn, queue } = queueOf({
    perFrame: 10,
    isDroppable: (item) => item > 1,
  });
  for (const item of [1, 2, 3, 4, 5, 6]) queue.add(item);
  assertEquals(queue.dropped, 2);
  frames.run(100);
  assertEquals(drawn, [[1, 4, 5, 6]]);
});

Deno.test("moves a queued item to the end", () => {
  const { frames, drawn, queue } = queueOf({ perFrame: 10 });
  for (const item of [1, 2, 1]) queue.add(item);
  frames.run(100);
  assertEquals(drawn, [[2, 1]]);
});

Deno.test("requests no frame while hidden, and draws nothing while paused", () => {
  const { frames, drawn, queue } = queueOf({});
  queue.visible = false;
  queue.add(1);
  assertEquals(frames.run(100), false);
  queue.paused = true;
  queue.visible = true;
  assertEquals([frames.run(200), drawn.pop()], [true, []]);
  assertEquals(frames.run(300), false);
  queue.paused = false;
  assertEquals([frames.run(400), drawn.pop()], [true, [1]]);
});
