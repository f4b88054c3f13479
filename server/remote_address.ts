/** IPv4, or IPv6 without a zone. */
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f:.]*:[\da-f:.]*)$/i;

/**
 * The address of the client, seen through the proxies in front. Each of them appends the address of whoever connected to
 * it to `X-Forwarded-For`; what stands before their entries is the client's own word and is not believed.
 *
 * @param request the request.
 * @param remote the address that the connection is from, without the port.
 * @param proxies how many proxies are in front. 0: the header is not looked at.
 * @returns the client's address; `remote`, where the header does not have that many entries or none that is an address.
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
