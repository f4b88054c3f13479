/**
 * A library for `LD_PRELOAD` that makes `fsync` and `fdatasync` wait while a file exists. SQLite calls them at each commit
 * with full durability.
 */
const SOURCE = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static void wait_for_gate(void) {
  const char *gate = getenv("DISK_GATE");
  while (gate != NULL && access(gate, F_OK) == 0) usleep(1000);
}

int fsync(int fd) {
  int (*next)(int) = dlsym(RTLD_NEXT, "fsync");
  wait_for_gate();
  return next(fd);
}

int fdatasync(int fd) {
  int (*next)(int) = dlsym(RTLD_NEXT, "fdatasync");
  wait_for_gate();
  return next(fd);
}
`;

/** `true` on a system with a C compiler and `LD_PRELOAD`. */
export function canStopDisk(): boolean {
  if (Deno.build.os !== "linux") return false;
  try {
    return new Deno.Command("cc", { args: ["--version"], stdout: "null" })
      .outputSync().success;
  } catch {
    return false;
  }
}

/** A disk that a test stops: every commit waits until the disk continues. */
export class StoppableDisk implements Disposable {
  /** The folder for the files of the disk. */
  readonly path: string = Deno.makeTempDirSync();
  readonly #gate = `${this.path}/gate`;
  readonly #library = `${this.path}/gate.so`;

  constructor() {
    const source = `${this.path}/gate.c`;
    Deno.writeTextFileSync(source, SOURCE);
    const args = ["-shared", "-fPIC", "-o", this.#library, source, "-ldl"];
    const { success, stderr } = new Deno.Command("cc", { args }).outputSync();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  }

  /** The environment of a process with this disk. */
  get env(): Readonly<Record<string, string>> {
    return { LD_PRELOAD: this.#library, DISK_GATE: this.#gate };
  }

  /** Stops the disk. */
  stop(): void {
    Deno.writeTextFileSync(this.#gate, "");
  }

  /** Lets the disk continue. */
  continue(): void {
    Deno.removeSync(this.#gate);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}
