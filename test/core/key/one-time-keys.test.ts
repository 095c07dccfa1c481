import { expect, test } from "vitest";
import type { BoxId, DeviceId, UserId } from "../../../core/ids.ts";
import {
  clientKeyId,
  namedKeys,
  ownerOfKey,
  storedKeyId,
} from "../../../core/key/one-time-keys.ts";

const boxes = ["aaaaaaaa", "bbbbbbbb", "cccccccc"] as BoxId[];
const owners = (members: readonly BoxId[]): BoxId[] =>
  Array.from({ length: 3000 }, (_, i) =>
    ownerOfKey(members, ["@a:b" as UserId, "D" as DeviceId, "signed_curve25519", `k${i}`]),
  );

test("each box owns about its share of the keys, whatever the order of the members", () => {
  const shares = owners(boxes);
  for (const box of boxes) {
    const share = shares.filter((owner) => owner === box).length;
    expect(share).toBeGreaterThan(850);
    expect(share).toBeLessThan(1150);
  }
  expect(owners(boxes.toReversed())).toEqual(shares);
});

test("a box that joins takes keys over and none change hands between the others", () => {
  const before = owners(boxes);
  const after = owners([...boxes, "dddddddd" as BoxId]);
  after.forEach((owner, i) => {
    if (owner !== "dddddddd") expect(owner).toBe(before[i]);
  });
});

test("stored key IDs give the client's back, dots and all", () => {
  expect(clientKeyId(storedKeyId(1_700_000_000_000, "AAA.B"))).toBe("AAA.B");
});

test("names of keys are taken apart, and bad ones refused", () => {
  expect(namedKeys({ "curve25519:A:B": "key" })).toEqual([
    { algorithm: "curve25519", keyId: "A:B", key: "key" },
  ]);
  for (const keys of [{ nothing: "x" }, { ":A": "x" }, { "a:": "x" }, { "a:b": 5 }]) {
    expect(() => namedKeys(keys)).toThrow(expect.objectContaining({ errcode: "M_INVALID_PARAM" }));
  }
  const large = { "a:b": { key: "x".repeat(20_000) } };
  expect(() => namedKeys(large)).toThrow("too large");
});
