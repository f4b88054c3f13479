/** An IPv4 address in the form of IPv6 sockets: RFC 4291 section 2.5.5.2. */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * Returns the key by which limits count an address: an IPv4 address, or the first 64 bits of an IPv6 address, because a
 * provider's customer has all addresses of such a network (RFC 6177).
 *
 * @param address the address as the transport describes it, without the port.
 * @returns the key; the address itself if it is neither an IPv4 nor an IPv6 address.
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
