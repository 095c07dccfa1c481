import { describe, expect, it } from "vitest";
import {
  shownAddress,
  tcpAddress,
  toMultiaddr,
  usableElsewhere,
} from "../../../bin/box/addresses.ts";

describe("addresses of boxes", () => {
  it("take names, IPv4 and IPv6 with and without brackets, and multiaddrs as they are", () => {
    expect(toMultiaddr("box1.example.org:8009")).toBe("/dns/box1.example.org/tcp/8009");
    expect(toMultiaddr("192.0.2.1:1")).toBe("/ip4/192.0.2.1/tcp/1");
    expect(toMultiaddr("[2001:db8::1]:8009")).toBe("/ip6/2001:db8::1/tcp/8009");
    expect(tcpAddress("[::]", 8009)).toBe("/ip6/::/tcp/8009");
    expect(tcpAddress("::", 8009)).toBe("/ip6/::/tcp/8009");
    expect(toMultiaddr("/dns4/a/tcp/1")).toBe("/dns4/a/tcp/1");
  });

  it("of this machine alone are told to others only where there is nothing else", () => {
    const loopback = ["/ip4/127.0.0.1/tcp/1", "/ip6/::1/tcp/1"];
    expect(usableElsewhere([...loopback, "/ip4/192.0.2.1/tcp/1"])).toEqual([
      "/ip4/192.0.2.1/tcp/1",
    ]);
    expect(usableElsewhere(loopback)).toEqual(loopback);
  });

  it("show where a box listens, not the port from which it called", () => {
    const announced = ["/ip4/192.0.2.1/tcp/8009", "/ip4/10.0.0.2/tcp/8009"];
    expect(shownAddress("/ip4/10.0.0.2/tcp/48020", announced)).toBe("/ip4/10.0.0.2/tcp/8009");
    expect(shownAddress("/ip4/10.0.0.9/tcp/48020", announced)).toBe("/ip4/10.0.0.9/tcp/48020");
  });
});
