import { isIP } from "node:net";

/** `host:port` or a multiaddr, as people write it in mesh.yaml, as a multiaddr. */
export function toMultiaddr(text: string): string {
  if (text.startsWith("/")) return text;
  const at = text.lastIndexOf(":");
  return tcpAddress(text.slice(0, at).replace(/^\[(.*)\]$/, "$1"), Number(text.slice(at + 1)));
}

export function tcpAddress(host: string, port: number): string {
  const kind = { 0: "dns", 4: "ip4", 6: "ip6" }[isIP(host)] ?? "dns";
  return `/${kind}/${host}/tcp/${port}`;
}
