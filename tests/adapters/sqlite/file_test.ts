import { assert, assertEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { StoreFileError } from "../../../adapters/sqlite/store.ts";
import { entries, Folder, onDisk } from "./folder.ts";
import { Publisher } from "./publisher.ts";

/** Fails to open a file. @returns the error's message, of one line. */
function refusal(folder: Folder, file = folder.file): string {
  let thrown: unknown;
  try {
    folder.open({}, file);
  } catch (error) {
    thrown = error;
  }
  assert(thrown instanceof StoreFileError, `${thrown}`);
  assert(!thrown.message.includes("\n"), thrown.message);
  assert(thrown.message.includes(file), thrown.message);
  return thrown.message;
}

Deno.test("rejects a file of another kind in one line, and does not change it", async () => {
  await using folder = new Folder();
  const text = "Dear diary,\n".repeat(1_000);
  Deno.writeTextFileSync(folder.file, text);
  assertEquals(
    refusal(folder),
    `Cannot open the store '${folder.file}': file is not a database`,
  );
  assertEquals(Deno.readTextFileSync(folder.file), text);
});

Deno.test("rejects a database of another program in one line, and does not change it", async () => {
  for (const pragma of ["application_id = 7", "user_version = 0"]) {
    await using folder = new Folder();
    {
      using other = new DatabaseSync(folder.file);
      other.exec(`CREATE TABLE cats (name); PRAGMA ${pragma}`);
    }
    assertEquals(
      refusal(folder),
      `Cannot open the store '${folder.file}': it is a database of another program`,
    );
    using other = new DatabaseSync(folder.file);
    assertEquals(
      other.prepare("SELECT name FROM sqlite_schema").all().map(({ name }) =>
        name
      ),
      ["cats"],
    );
  }
});

Deno.test("rejects a store of a newer version in one line, and does not change it", async () => {
  await using folder = new Folder();
  await folder.close(folder.open().store);
  {
    using file = new DatabaseSync(folder.file);
    file.exec("PRAGMA user_version = 99");
  }
  assertEquals(
    refusal(folder),
    `Cannot open the store '${folder.file}': its version is 99, not 2`,
  );
  {
    using file = new DatabaseSync(folder.file);
    file.exec("PRAGMA user_version = 2");
  }
  folder.open();
});

Deno.test("rejects a damaged store in one line, and does not keep it open", async () => {
  const damages: [string, (bytes: Uint8Array) => Uint8Array][] = [
    ["all pages but the first", (bytes) => bytes.fill(0xaa, 4096)],
    ["the table of contents", (bytes) => bytes.fill(0xaa, 100, 4096)],
    ["truncated in the middle", (bytes) => bytes.subarray(0, 5_000)],
  ];
  for (const [what, damage] of damages) {
    await using folder = new Folder();
    const { store } = folder.open();
    store.open("room");
    store.append(entries(100, 1_000));
    await folder.close(store);
    const bytes = Deno.readFileSync(folder.file);
    Deno.writeFileSync(folder.file, damage(bytes.slice()));
    const line = refusal(folder);
    assert(line.startsWith("Cannot open the store"), `${what}: ${line}`);
    // The failure changed nothing: with its former bytes the file opens.
    Deno.writeFileSync(folder.file, bytes);
    for (const end of ["-wal", "-shm"]) {
      try {
        Deno.removeSync(folder.file + end);
      } catch {
        // Not there.
      }
    }
    assertEquals(onDisk(folder.open().store).length, 100);
  }
});

Deno.test("rejects a folder, and a file in a missing folder, in one line", async () => {
  await using folder = new Folder();
  for (const file of [folder.path, `${folder.path}/no/such/store`]) {
    assert(refusal(folder, file).startsWith("Cannot open the store"));
  }
});

Deno.test("creates a store in an empty file", async () => {
  await using folder = new Folder();
  Deno.writeTextFileSync(folder.file, "");
  const { store, sink } = folder.open();
  store.open("room");
  assertEquals(sink.bounds.get("room")!.head, 0);
});

Deno.test("rejects a file that this process has open, until it is closed", async () => {
  await using folder = new Folder();
  const { store, sink } = folder.open();
  const line =
    `Cannot open the store '${folder.file}': another process has it open`;
  assertEquals(refusal(folder), line);
  store.open("room");
  store.append(entries(1));
  assertEquals(sink.take(), [0]);
  await folder.close(store);
  folder.open();
});

Deno.test("rejects a file that another process has open, until that process is killed", async () => {
  await using folder = new Folder();
  await using other = new Publisher(folder.file, {}, 1);
  await other.until(1);
  assertEquals(
    refusal(folder),
    `Cannot open the store '${folder.file}': another process has it open`,
  );
  await other.kill();
  folder.open();
});
