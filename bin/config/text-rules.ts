import { parseServerName } from "../../core/ids.ts";
import { parseRange } from "../outgoing/allowed-addresses.ts";

/** Checks of single text values of `mesh.yaml`; each pairs a test with the words for its failure. */
export interface Rule {
  readonly expected: string;
  readonly test: (text: string) => boolean;
}

const HOST = /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])$/;

/** `host:port`; an IPv6 address stands in brackets. Undefined for anything else. */
export function parseHostPort(text: string): { host: string; port: number } | undefined {
  const colon = text.lastIndexOf(":");
  const host = text.slice(0, colon);
  const digits = text.slice(colon + 1);
  if (colon < 1 || !HOST.test(host) || !/^\d{1,5}$/.test(digits)) return undefined;
  const port = Number(digits);
  return port > 0 && port < 65536 ? { host, port } : undefined;
}

export const serverName: Rule = {
  expected: "a server name such as example.org",
  test: (text) => parseServerName(text) !== undefined,
};

export const boxName: Rule = {
  expected: "1 to 32 of a-z, 0-9 and -, first a letter",
  test: (text) => /^[a-z][a-z0-9-]{0,31}$/.test(text),
};

export const host: Rule = {
  expected: "a host name or an IP address",
  test: (text) => HOST.test(text) || /^[0-9A-Fa-f:]{2,45}$/.test(text),
};

export const hostPort: Rule = {
  expected: "host:port",
  test: (text) => parseHostPort(text) !== undefined,
};

export const meshAddress: Rule = {
  expected: "host:port or a multiaddr such as /dns4/box.example.org/tcp/8009",
  test: (text) =>
    parseHostPort(text) !== undefined ||
    /^\/(?:ip4|ip6|dns|dns4|dns6)\/[^/\s]+\/tcp\/\d{1,5}(?:\/|$)/.test(text),
};

export const httpUrl: Rule = {
  expected: "a URL that starts with https:// or http://",
  test: (text) => {
    const url = URL.parse(text);
    return url !== null && (url.protocol === "https:" || url.protocol === "http:");
  },
};

export const absolutePath: Rule = {
  expected: "the path of a file, from / on",
  test: (text) => /^\/[^\0]{1,4095}$/.test(text),
};

export const addressRange: Rule = {
  expected: "an address or a range such as 192.168.1.0/24",
  test: (text) => parseRange(text) !== undefined,
};

export const turnUri: Rule = {
  expected: "a TURN URI such as turn:turn.example.org?transport=udp",
  test: (text) => /^turns?:[^\s]+$/.test(text),
};

export const anyText: Rule = { expected: "text", test: (text) => text.length > 0 };

export const registrationToken: Rule = {
  expected: "a token of 1 to 64 of A-Z, a-z, 0-9 and . _ ~ -",
  test: (text) => /^[A-Za-z0-9._~-]{1,64}$/.test(text),
};
