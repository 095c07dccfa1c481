import { describe, expect, it } from "vitest";
import { addressGuard, parseRange } from "../../../bin/outgoing/allowed-addresses.ts";

describe("addresses that a box may be made to talk to", () => {
  const isAllowed = addressGuard(["192.168.1.20", "fd00:1::/32"]);

  it.each(["1.1.1.1", "93.184.216.34", "172.15.0.1", "172.32.0.1", "2606:4700::1111"])(
    "%s is public",
    (address) => expect(isAllowed(address)).toBe(true),
  );

  it.each([
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.0.9",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.21",
    "224.0.0.251",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "fd00:2::1",
    "fe80::1",
    "ff02::fb",
  ])("%s is not", (address) => expect(isAllowed(address)).toBe(false));

  it.each(["192.168.1.20", "fd00:1::7"])("%s is allowed by the owner", (address) =>
    expect(isAllowed(address)).toBe(true),
  );
});

describe("a range in mesh.yaml", () => {
  it.each(["192.168.1.0/24", "10.0.0.1", "fd00::/8"])("%s is one", (text) =>
    expect(parseRange(text)).toBeDefined(),
  );
  it.each(["", "home.example.org", "10.0.0.1/33", "10.0.0.1/", "10.0.0.1/x", "1.2.3", "::1/64/2"])(
    "%s is none",
    (text) => expect(parseRange(text)).toBeUndefined(),
  );
});
