import { afterAll, expect, test } from "vitest";
import { createUser } from "../../../core/account/manage.ts";
import {
  CLAIM_PREFIX,
  FORMAT_KEY,
  OWN_PREFIXES,
  STORE_ID_KEY,
  TABLES_KEY,
  heardKey,
  isSharedKey,
  leftKey,
} from "../../../mesh/store/mesh-keys.ts";
import { oneBox } from "../../support/one-box.ts";
import { boxOfName } from "../journal/open-ledger.ts";

const box = await oneBox();
afterAll(() => box.stop());

const isOwn = (key: string): boolean =>
  [STORE_ID_KEY, FORMAT_KEY].includes(key) || OWN_PREFIXES.some((prefix) => key.startsWith(prefix));

test("every row of a box is either shared with those who copy it, or its own", async () => {
  await createUser(box.services, {
    localpart: "anna",
    password: "long enough",
    admin: true,
    force: false,
  });
  const keys = [...box.disk.entries.keys()];
  expect(keys.filter((key) => isSharedKey(key) === isOwn(key))).toEqual([]);
  expect(keys.filter((key) => key.startsWith(CLAIM_PREFIX))).toHaveLength(1);
});

test("promises, what others said, and what is left to apply are never shared", () => {
  const own = [
    STORE_ID_KEY,
    TABLES_KEY,
    `${CLAIM_PREFIX}user`,
    heardKey(boxOfName("a")),
    leftKey(1),
    "m/x",
    "z",
  ];
  expect(own.filter((key) => isSharedKey(key))).toEqual([]);
});
