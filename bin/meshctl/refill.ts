import { setStoreAside } from "../../mesh/store/check.ts";
import { peerKeysOf } from "../../mesh/transport/identity.ts";
import { HomeError } from "../home/error.ts";
import { lockHome } from "../home/lock.ts";
import { loadMembers } from "../home/members.ts";
import { homePaths } from "../home/paths.ts";
import { loadSecrets } from "../home/secrets.ts";

/**
 * Sets the store of a stopped box aside, so that its next start fills a new one. Returns the names of
 * the boxes that it can be filled from. Throws `HomeError` when meshd runs, or there is no other box.
 */
export async function setAsideForRefill(home: string): Promise<string[]> {
  const paths = homePaths(home);
  const { box: self } = peerKeysOf(loadSecrets(paths.secrets).boxSeed);
  const others = (loadMembers(paths.members) ?? []).filter(({ box }) => box !== self);
  if (others.length === 0) {
    throw new HomeError("HOME_DAMAGED", "this box knows no other one to be filled from");
  }
  const lock = await lockHome(home, paths.pid, "meshd");
  try {
    if (!(await setStoreAside(home))) {
      throw new HomeError("HOME_MISSING", `${home} has no store; start meshd, and it makes one`);
    }
  } finally {
    lock.release();
  }
  return others.map(({ name }) => name);
}
