import { expect, test } from "vitest";
import { hashPassword, matchesHash, nameClaimValue } from "../../../core/account/passwords.ts";
import type { UserId } from "../../../core/ids.ts";

let drawn = 0;
const random = {
  bytes: (length: number): Uint8Array => new Uint8Array(length).fill(++drawn),
};

test("a password fits its hash and no other", async () => {
  const stored = await hashPassword(random, "correct horse");
  expect(stored).toMatch(/^\$scrypt\$ln=14,r=8,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  expect(await matchesHash("correct horse", stored)).toBe(true);
  expect(await matchesHash("correct horsf", stored)).toBe(false);
  expect(await hashPassword(random, "correct horse")).not.toBe(stored);
});

test("differently composed accents are the same password", async () => {
  expect(await matchesHash("cafe\u0301", await hashPassword(random, "caf\u00e9"))).toBe(true);
});

test("without a stored hash, or with one that is none, nothing fits", async () => {
  const greedy =
    "$scrypt$ln=25,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  for (const stored of [undefined, "", "$scrypt$", greedy]) {
    expect(await matchesHash("", stored)).toBe(false);
  }
});

test("a name claim is the same for the same name and password only", async () => {
  const pepper = new Uint8Array(32).fill(9);
  const alice = "@alice:hearth.test" as UserId;
  const value = await nameClaimValue(pepper, alice, "secret");
  expect(await nameClaimValue(pepper, alice, "secret")).toBe(value);
  expect(await nameClaimValue(pepper, alice, "Secret")).not.toBe(value);
  expect(await nameClaimValue(pepper, "@bob:hearth.test" as UserId, "secret")).not.toBe(value);
});
