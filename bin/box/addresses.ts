import { isIP } from "node:net";

/** `host:port` or a multiaddr, as people write it in mesh.yaml, as a multiaddr. */
export function toMultiaddr(text: string): string {
  if (text.startsWith("/")) return text;
  const at = text.lastIndexOf(":");
  return tcpAddress(text.slice(0, at), Number(text.slice(at + 1)));
}

/** An IPv6 host may stand in brackets, as in a URL. */
export function tcpAddress(hostText: string, port: number): string {
  const host = bareHost(hostText);
  const kind = { 0: "dns", 4: "ip4", 6: "ip6" }[isIP(host)] ?? "dns";
  return `/${kind}/${host}/tcp/${port}`;
}

/** Where the mesh listens. A socket for "::" takes IPv6 alone there, and people mean both kinds. */
export function listenAddresses(host: string, port: number): string[] {
  const hosts = bareHost(host) === "::" ? ["::", "0.0.0.0"] : [host];
  return hosts.map((each) => tcpAddress(each, port));
}

export function bareHost(host: string): string {
  return host.replace(/^\[(.*)\]$/, "$1");
}

/** Addresses that another machine can use, or all when there is no such (boxes on one machine). */
export function usableElsewhere(addresses: readonly string[]): string[] {
  const others = addresses.filter(
    (address) => !/^\/(ip4\/127\.|ip6\/::1\/|dns[46]?\/localhost\/)/.test(address),
  );
  return others.length > 0 ? others : [...addresses];
}

/**
 * How to show where a linked box is: its own address at the link's host, since the port of a
 * connection that it opened means nothing.
 */
export function shownAddress(linked: string, announced: readonly string[]): string {
  const host = linked.split("/").slice(0, 3).join("/");
  return announced.find((address) => address.startsWith(`${host}/`)) ?? linked;
}
