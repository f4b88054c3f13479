/** An IPv4 address in the form that IPv6 sockets give it: RFC 4291 section 2.5.5.2. */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * What a limit per address counts: an IPv4 address, or the first 64 bits of an IPv6 address, all of which one customer of
 * a provider has (RFC 6177).
 *
 * @param address as the transport gives it, without the port.
 * @returns a key; the address itself where it is neither.
 */
export function addressKey(address: string): string {
  const mapped = MAPPED.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(":")) return address;
  const [before = "", after] = address.split("::");
  const head = before === "" ? [] : before.split(":");
  const tail = after === undefined || after === "" ? [] : after.split(":");
  const zeros = Array<string>(Math.max(0, 8 - head.length - tail.length));
  const groups = after === undefined
    ? head
    : [...head, ...zeros.fill("0"), ...tail];
  return groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":").toLowerCase() + "::/64";
}
