import { statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import nacl from "tweetnacl";
import { expect, it } from "vitest";
import { HomeError } from "../../../bin/home/error.ts";
import { loadSecrets, newSecrets, saveSecrets } from "../../../bin/home/secrets.ts";
import { UNREADABLE } from "../../support/unreadable.ts";
import { tempFolder } from "../../support/temp-folder.ts";

it("reads back what it saved, from a file that only the owner can read", () => {
  const file = join(tempFolder(), "secrets.json");
  const secrets = newSecrets((length) => nacl.randomBytes(length));
  saveSecrets(file, secrets);
  expect(loadSecrets(file)).toEqual(secrets);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it("makes different keys for every purpose", () => {
  const { boxSeed, meshPsk, tokenSecret, signingKey } = newSecrets((n) => nacl.randomBytes(n));
  const keys = [boxSeed, meshPsk, tokenSecret.key, signingKey.seed].map((key) => key.join());
  expect(new Set(keys).size).toBe(4);
});

it.each([
  ["{", "HOME_DAMAGED"],
  ["[]", "HOME_DAMAGED"],
  ['{"version": 1, "box_seed": "AA"}', "HOME_DAMAGED"],
])("refuses %s as damaged", (content, code) => {
  const file = join(tempFolder(), "secrets.json");
  writeFileSync(file, content);
  expect(() => loadSecrets(file)).toThrow(expect.objectContaining({ code }));
});

it("does not take for damaged what the disk did not read", () => {
  const file = join(tempFolder(), "secrets.json");
  symlinkSync(UNREADABLE, file);
  expect(() => loadSecrets(file)).toThrow(expect.objectContaining({ code: "EIO" }));
});

it("tells a missing file from a damaged one", () => {
  const file = join(tempFolder(), "secrets.json");
  expect(() => loadSecrets(file)).toThrow(HomeError);
  expect(() => loadSecrets(file)).toThrow(expect.objectContaining({ code: "HOME_MISSING" }));
});
