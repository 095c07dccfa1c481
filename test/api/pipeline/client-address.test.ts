import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { clientAddress } from "../../../api/pipeline/client-address.ts";

function from(remoteAddress: string | undefined, forwarded?: string): string {
  const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
  return clientAddress({ socket: { remoteAddress }, headers } as IncomingMessage);
}

describe("clientAddress", () => {
  it("is the peer's address", () => {
    expect(from("203.0.113.9")).toBe("203.0.113.9");
    expect(from(undefined)).toBe("unknown");
  });

  it("is what a proxy on this machine saw, not what the client claims", () => {
    expect(from("127.0.0.1", "198.51.100.1, 203.0.113.9")).toBe("203.0.113.9");
    expect(from("::ffff:127.0.0.1", "2001:db8::1")).toBe("2001:db8::1");
  });

  it("ignores what strangers and broken proxies forward", () => {
    expect(from("203.0.113.9", "198.51.100.1")).toBe("203.0.113.9");
    expect(from("127.0.0.1", "unix:")).toBe("127.0.0.1");
  });
});
