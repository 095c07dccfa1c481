import { expect, it } from "vitest";
import { bytes, count, duration, shortAddress } from "../../../bin/meshctl/units.ts";

it.each([
  [-5, "0 s"],
  [59_999, "59 s"],
  [60_000, "1 min"],
  [3_600_000, "1 h 0 min"],
  [11_520_000, "3 h 12 min"],
  [187_200_000, "2 d 4 h"],
])("shows %i ms as %s", (milliseconds, shown) => {
  expect(duration(milliseconds)).toBe(shown);
});

it.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [9949, "9.9 kB"],
  [9999, "10 kB"],
  [999_499, "999 kB"],
  [999_500, "1.0 MB"],
  [143_000_000, "143 MB"],
  [28e9, "28 GB"],
])("shows %i bytes as %s", (value, shown) => {
  expect(bytes(value)).toBe(shown);
});

it("counts in words", () => {
  expect([count(1, "box", "boxes"), count(2, "box", "boxes")]).toEqual(["1 box", "2 boxes"]);
});

it.each([
  ["/ip4/192.168.1.7/tcp/8009/p2p/12D3KooW", "192.168.1.7:8009"],
  ["/ip6/fe80::1/tcp/8009", "[fe80::1]:8009"],
  ["/dns4/box.example.org/tcp/8009", "box.example.org:8009"],
  ["/memory/1", "/memory/1"],
])("shows the address %s as %s", (address, shown) => {
  expect(shortAddress(address)).toBe(shown);
});
