/** What the kernel says of a process. */
export interface ProcessNumbers {
  /** Memory that it has, in bytes. */
  readonly rss: number;
  /** The most that it ever had, in bytes. */
  readonly peak: number;
  /**
   * Descriptors of the network. The runtime has others, files of its cache, pipes, pairs of Unix sockets, which it opens
   * when it likes.
   */
  readonly descriptors: number;
}

/** Asks the kernel. @throws {Deno.errors.NotFound} when there is no such process. */
export function processNumbers(pid: number): ProcessNumbers {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  const bytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)![1]) * 1024;
  return {
    rss: bytes("VmRSS"),
    peak: bytes("VmHWM"),
    descriptors: sockets(pid),
  };
}

function sockets(pid: number): number {
  const unix = Deno.readTextFileSync("/proc/net/unix");
  let count = 0;
  for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
    const inode = inodeOf(`/proc/${pid}/fd/${name}`);
    if (inode !== undefined && !unix.includes(` ${inode}\n`)) count++;
  }
  return count;
}

/** The inode of a descriptor that is a socket. */
function inodeOf(path: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(Deno.readLinkSync(path))?.[1];
  } catch {
    // Closed since the folder was read.
    return undefined;
  }
}

/** Sets the peak to what the process has now. */
export function forgetPeak(pid: number): void {
  Deno.writeTextFileSync(`/proc/${pid}/clear_refs`, "5");
}
