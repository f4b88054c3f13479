/** Addresses that mean "all that this machine has". */
const EVERY = new Set(["0.0.0.0", "::"]);

/**
 * The URLs at which a listening server is found.
 *
 * @param hostname the address it listens on.
 * @param port the port it listens on.
 * @returns this machine's own URL first, then those for other devices, as far as the permissions let it know them.
 */
export function urlsOf(hostname: string, port: number): string[] {
  if (!EVERY.has(hostname)) {
    const name = hostname === "127.0.0.1" ? "localhost" : hostname;
    return [urlOf(name, port)];
  }
  return [
    urlOf("localhost", port),
    ...ownAddresses().map((a) => urlOf(a, port)),
  ];
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
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
