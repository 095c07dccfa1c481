import { expect, it } from "vitest";
import { failStart } from "../../../bin/meshd/rotten-start.ts";
import { unavailable } from "../../../core/errors.ts";
import { openCheckedStore } from "../../../mesh/store/check.ts";
import { QUIET } from "../../support/box-on-disk.ts";
import { tempFolder } from "../../support/temp-folder.ts";

/** How the next start finds the store, after one that failed with an error. */
async function outcomeAfter(error: unknown): Promise<string> {
  const home = tempFolder();
  const before = await openCheckedStore(home, () => "one");
  // The process ends with its store open.
  await expect(failStart(home, error, QUIET)).rejects.toBe(error);
  await before.store.close();
  const { store, outcome } = await openCheckedStore(home, () => "two");
  await store.close();
  return outcome;
}

it("a start that comes upon rot is followed by one that fills a new store", async () => {
  const rot = Object.assign(new Error("Corruption: bad block"), { code: "LEVEL_CORRUPTION" });
  expect(await outcomeAfter(unavailable("This box cannot read its disk.", rot))).toBe("damaged");
});

it("a start that fails for another reason leaves the store as it is", async () => {
  const full = Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
  expect(await outcomeAfter(unavailable("The disk of this box is full.", full))).toBe("ok");
});
