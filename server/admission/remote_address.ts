/** IPv4, or IPv6 without a zone. */
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f:.]*:[\da-f:.]*)$/i;

/**
 * Finds the client's address behind proxies. Each proxy appends the address that connected to it to `X-Forwarded-For`; the
 * entries before those of the trusted proxies are set by the client and are not used.
 *
 * @param request the request.
 * @param remote the address that the connection is from, without the port.
 * @param proxies the number of trusted proxies; 0 ignores the header.
 * @returns the client's address; `remote` where the header has too few entries, or no address in that place.
 */
export function clientAddress(
  request: Request,
  remote: string,
  proxies: number,
): string {
  if (proxies === 0) return remote;
  const header = request.headers.get("x-forwarded-for") ?? "";
  const entry = header.split(",").at(-proxies)?.trim() ?? "";
  return ADDRESS.test(entry) && entry.length <= 45 ? entry : remote;
}
