/** Addresses that mean "all that this machine has". */
const EVERY = new Set(["0.0.0.0", "::"]);

/** Where a server listens. */
export interface Listening {
  /** The address. */
  readonly hostname: string;
  /** The port. */
  readonly port: number;
  /** What it speaks. Default: `http`. */
  readonly scheme?: "http" | "https";
}

/**
 * The URLs at which a listening server is found.
 *
 * @param listening where it listens.
 * @returns this machine's own URL first, then those for other devices, as far as the permissions let it know them.
 */
export function urlsOf(listening: Listening): string[] {
  const { hostname, port, scheme = "http" } = listening;
  const urlOf = (host: string) =>
    `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
  if (!EVERY.has(hostname)) {
    return [urlOf(hostname === "127.0.0.1" ? "localhost" : hostname)];
  }
  return [urlOf("localhost"), ...ownAddresses().map(urlOf)];
}

function ownAddresses(): string[] {
  const sys = { name: "sys", kind: "networkInterfaces" } as const;
  if (Deno.permissions.querySync(sys).state !== "granted") {
    return ["<this machine's address>"];
  }
  return Deno.networkInterfaces()
    .filter(({ family, address }) =>
      family === "IPv4" && !address.startsWith("127.")
    )
    .map(({ address }) => address);
}
