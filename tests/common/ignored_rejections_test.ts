import { assertEquals, assertRejects } from "@std/assert";
import { IgnoredRejections } from "../../common/ignored_rejections.ts";

/** Rejections whose turn the test ends. */
class Rig {
  readonly ignored: unknown[] = [];
  readonly rejections: IgnoredRejections;
  #checks: (() => void)[] = [];

  constructor() {
    this.rejections = new IgnoredRejections({
      afterTurn: (check) => {
        this.#checks.push(check);
        return () => {
          this.#checks = this.#checks.filter((other) => other !== check);
        };
      },
      ignored: (error) => this.ignored.push(error),
    });
  }

  /** The checks that wait for the end of the turn. */
  get planned(): number {
    return this.#checks.length;
  }

  /** Lets promises settle, then ends the turn. */
  async endTurn(): Promise<void> {
    for (let i = 0; i < 10; i++) await Promise.resolve();
    for (const check of this.#checks.splice(0)) check();
  }
}

Deno.test("an ignored rejection is reported once the turn is over", async () => {
  const rig = new Rig();
  const source = Promise.withResolvers<void>();
  void rig.rejections.watch(source.promise);
  source.reject("reason");
  for (let i = 0; i < 10; i++) await Promise.resolve();
  assertEquals(rig.ignored, []);
  await rig.endTurn();
  assertEquals(rig.ignored, ["reason"]);
  rig.rejections.flush();
  assertEquals(rig.ignored, ["reason"]);
});

Deno.test("a fulfilled promise reports nothing", async () => {
  const rig = new Rig();
  assertEquals(await rig.rejections.watch(Promise.resolve(5)), 5);
  void rig.rejections.promise<void>((resolve) => resolve());
  await rig.endTurn();
  assertEquals(rig.ignored, []);
});

Deno.test("a rejection with a handler is not reported: await, catch, then, all, and return from an async function", async () => {
  const rig = new Rig();
  const rejected = () => rig.rejections.watch(Promise.reject(new Error("no")));
  await assertRejects(async () => await rejected());
  await assertRejects(() => Promise.all([rejected(), Promise.resolve()]));
  await assertRejects(async () => {
    await Promise.resolve();
    return rejected();
  });
  rejected().catch(() => {});
  rejected().then(undefined, () => {});
  await rig.endTurn();
  assertEquals(rig.ignored, []);
});

Deno.test("a handler that is attached before the turn is over prevents the report", async () => {
  const rig = new Rig();
  const promise = rig.rejections.watch(Promise.reject("reason"));
  for (let i = 0; i < 5; i++) await Promise.resolve();
  promise.catch(() => {});
  await rig.endTurn();
  assertEquals(rig.ignored, []);
});

Deno.test("a handler that comes in time cancels the check, and a later rejection plans another one", async () => {
  const rig = new Rig();
  const promise = rig.rejections.watch(Promise.reject("handled"));
  for (let i = 0; i < 5; i++) await Promise.resolve();
  assertEquals(rig.planned, 1);
  promise.catch(() => {});
  assertEquals(rig.planned, 0);
  void rig.rejections.watch(Promise.reject("one"));
  void rig.rejections.watch(Promise.reject("two"));
  for (let i = 0; i < 5; i++) await Promise.resolve();
  assertEquals(rig.planned, 1);
  await rig.endTurn();
  assertEquals(rig.ignored, ["one", "two"]);
});

Deno.test("flush reports what waits for the end of the turn", async () => {
  const rig = new Rig();
  void rig.rejections.watch(Promise.reject("reason"));
  for (let i = 0; i < 5; i++) await Promise.resolve();
  rig.rejections.flush();
  assertEquals(rig.ignored, ["reason"]);
  await rig.endTurn();
  assertEquals(rig.ignored, ["reason"]);
});

Deno.test("derived promises are ordinary ones", async () => {
  const rig = new Rig();
  const promise = rig.rejections.watch(Promise.reject("reason"));
  assertEquals(promise instanceof Promise, true);
  const derived = promise.then(() => {});
  assertEquals(derived.constructor, Promise);
  await derived.catch(() => {});
});
