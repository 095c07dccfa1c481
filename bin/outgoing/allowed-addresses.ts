import { BlockList, isIP, isIPv4 } from "node:net";

/**
 * Addresses of this machine, of home networks and of nobody. People name the servers that a box talks
 * to, and must not reach through it what only the box can reach.
 * https://www.iana.org/assignments/iana-ipv4-special-registry, …ipv6-special-registry
 */
const PRIVATE: readonly string[] = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "::/128",
  "::1/128",
  "2001:db8::/32",
  "2002::/16",
  "fc00::/7",
  "fe80::/10",
  "fec0::/10",
  "ff00::/8",
];

/** An address or a range such as `192.168.1.0/24`; undefined for anything else. */
export function parseRange(
  text: string,
): { readonly address: string; readonly bits: number; readonly family: Family } | undefined {
  const [address = "", bits, ...more] = text.split("/");
  const version = isIP(address);
  if (version === 0 || more.length > 0) return undefined;
  const most = version === 4 ? 32 : 128;
  const length = bits === undefined ? most : Number(bits);
  if (bits !== undefined && !/^\d{1,3}$/.test(bits)) return undefined;
  return length <= most
    ? { address, bits: length, family: version === 4 ? "ipv4" : "ipv6" }
    : undefined;
}

type Family = "ipv4" | "ipv6";

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of ranges) {
    const range = parseRange(text);
    if (!range) throw new Error(`${text} is no range of addresses`);
    list.addSubnet(range.address, range.bits, range.family);
  }
  return list;
}

/** Tells to which addresses a box may be made to talk: public ones, and those that its owner allows. */
export function addressGuard(allowed: readonly string[]): (address: string) => boolean {
  const refuse = listOf(PRIVATE);
  const allow = listOf(allowed);
  return (address) => {
    const family = isIPv4(address) ? "ipv4" : "ipv6";
    return allow.check(address, family) || !refuse.check(address, family);
  };
}
