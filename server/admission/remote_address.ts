/** IPv4, with a port or without. */
const IPV4 =
  /^((?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d))(?::\d{1,5})?$/;
/** IPv6 in brackets, with a port or without, and with a zone or without (RFC 3986 section 3.2.2, RFC 6874). */
const BRACKETED = /^\[([\da-f:.]{2,45})(?:%[^\]]*)?\](?::\d{1,5})?$/i;
/** IPv6, with a zone or without (RFC 4007 section 11). */
const IPV6 = /^([\da-f:.]{2,45})(?:%.*)?$/i;

/** Returns the address of an entry of `X-Forwarded-For`, without its port, brackets and zone; `undefined` if it has none. */
function addressOf(entry: string): string | undefined {
  const ipv4 = IPV4.exec(entry)?.[1];
  if (ipv4 !== undefined) return ipv4;
  const ipv6 = (BRACKETED.exec(entry) ?? IPV6.exec(entry))?.[1];
  return ipv6 !== undefined && ipv6.includes(":") &&
      URL.canParse(`http://[${ipv6}]/`)
    ? ipv6
    : undefined;
}

/**
 * Finds the client's address behind proxies. Each proxy appends the address that connected to it to `X-Forwarded-For`; the
 * entries before those of the trusted proxies are set by the client and are not used. Some proxies write a port, too.
 *
 * @param request the request.
 * @param remote the address that the connection is from, without the port.
 * @param proxies the number of trusted proxies; 0 ignores the header.
 * @returns the client's address; `remote` if the header has too few entries, or no address in that place.
 */
export function clientAddress(
  request: Request,
  remote: string,
  proxies: number,
): string {
  if (proxies === 0) return remote;
  const header = request.headers.get("x-forwarded-for") ?? "";
  const entry = header.split(",").at(-proxies)?.trim() ?? "";
  return addressOf(entry) ?? remote;
}
