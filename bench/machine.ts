import { peersFolder } from "./peers.ts";

/** The machine of a measurement. */
export interface Machine {
  /** The day, as `2026-01-31`. */
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly os: string;
  /** Versions by name. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Reads the machine's data and the installed versions. */
export async function machine(): Promise<Machine> {
  const { dependencies } = JSON.parse(
    await Deno.readTextFile(`${peersFolder}/package.json`),
  ) as { dependencies: Record<string, string> };
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: await cpu(),
    cores: navigator.hardwareConcurrency,
    os: `${Deno.build.os} ${Deno.osRelease()}`,
    versions: {
      deno: Deno.version.deno,
      v8: Deno.version.v8,
      node: await nodeVersion(),
      ...dependencies,
    },
  };
}

async function cpu(): Promise<string> {
  try {
    const text = await Deno.readTextFile("/proc/cpuinfo");
    return /^model name\s*: (.+)$/m.exec(text)?.[1] ?? Deno.build.arch;
  } catch {
    return Deno.build.arch;
  }
}

async function nodeVersion(): Promise<string> {
  try {
    const { stdout } = await new Deno.Command("node", { args: ["--version"] })
      .output();
    return new TextDecoder().decode(stdout).trim().slice(1);
  } catch {
    return "none";
  }
}
