/** The addresses that stand for every address of this machine. */
const WILDCARDS: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

/** The address of a server. */
export interface ListenAddress {
  /** The hostname or IP address. */
  readonly hostname: string;
  /** The port. */
  readonly port: number;
  /**
   * The scheme of its URLs.
   *
   * @default "http"
   */
  readonly scheme?: "http" | "https";
}

/**
 * Lists the URLs of a server.
 *
 * @param address the address that it listens on.
 * @returns the URL for this machine first, then those for other devices, if a permission allows to list them.
 */
export function urlsOf(address: ListenAddress): string[] {
  const { hostname, port, scheme = "http" } = address;
  const urlOf = (host: string) =>
    `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
  if (!WILDCARDS.has(hostname)) {
    return [urlOf(hostname === "127.0.0.1" ? "localhost" : hostname)];
  }
  return [urlOf("localhost"), ...addresses().map(urlOf)];
}

function addresses(): string[] {
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
