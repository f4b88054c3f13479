import { assertEquals } from "@std/assert";
import { addDispose } from "../../common/disposable.ts";

Deno.test("addDispose adds the methods of using and await using, which do not enumerate", async () => {
  const calls: string[] = [];
  class Resource {}
  addDispose(Resource.prototype, "dispose", () => calls.push("dispose"));
  addDispose(Resource.prototype, "asyncDispose", async () => {
    await Promise.resolve();
    calls.push("asyncDispose");
  });
  {
    using _resource = new Resource() as Disposable;
    await using _other = new Resource() as AsyncDisposable;
  }
  assertEquals(calls, ["asyncDispose", "dispose"]);
  assertEquals(Reflect.ownKeys(Resource.prototype), [
    "constructor",
    Symbol.dispose,
    Symbol.asyncDispose,
  ]);
});
