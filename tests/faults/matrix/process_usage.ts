/** The resources of a process, from /proc. */
export interface ProcessUsage {
  /** Resident memory, in bytes. */
  readonly rss: number;
  /** The highest resident memory since {@linkcode resetPeak}, in bytes. */
  readonly peak: number;
  /**
   * Open network sockets. Other descriptors are not counted: the runtime opens files of its cache, pipes and Unix sockets at
   * any time.
   */
  readonly descriptors: number;
}

/** Reads the resources of a process. @throws {Deno.errors.NotFound} when there is no such process. */
export function processUsage(pid: number): ProcessUsage {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  const bytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)![1]) * 1024;
  return {
    rss: bytes("VmRSS"),
    peak: bytes("VmHWM"),
    descriptors: networkSockets(pid),
  };
}

function networkSockets(pid: number): number {
  const unix = Deno.readTextFileSync("/proc/net/unix");
  let count = 0;
  for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
    const inode = socketInode(`/proc/${pid}/fd/${name}`);
    if (inode !== undefined && !unix.includes(` ${inode}\n`)) count++;
  }
  return count;
}

/** Returns the inode of a descriptor that is a socket. */
function socketInode(path: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(Deno.readLinkSync(path))?.[1];
  } catch {
    // The descriptor was closed after the folder was read.
    return undefined;
  }
}

/** Sets the peak to the current resident memory. */
export function resetPeak(pid: number): void {
  Deno.writeTextFileSync(`/proc/${pid}/clear_refs`, "5");
}
