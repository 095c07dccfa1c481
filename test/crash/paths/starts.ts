import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServerName } from "../../../core/ids.ts";
import { openCheckedStore } from "../../../mesh/store/check.ts";
import { upgradeStore } from "../../../mesh/store/format.ts";
import { openLevelStore } from "../../../mesh/store/level-store.ts";
import { FORMAT_KEY } from "../../../mesh/store/mesh-keys.ts";
import { oldHomes, unpackHomes } from "../../fixtures/homes.ts";
import { boxOnDisk, newStoreId, QUIET } from "../../support/box-on-disk.ts";
import { homeWith, newestOf, note } from "../storage-path.ts";
import type { StoragePath } from "../storage-path.ts";

/** Each start makes one table of the log; LevelDB merges four. */
const TABLES_TO_MERGE = 3;

export const firstStart: StoragePath = {
  name: "the first start of a home",
  run: async (home, promise) => {
    const box = await boxOnDisk(home);
    promise(newestOf(box));
    await box.node.runner.run(note, "first");
    promise(newestOf(box));
    await box.stop();
  },
};

export const startAndStop: StoragePath = {
  name: "a start, which moves the log into a table, and a stop",
  prepare: (home) => homeWith(home, 12),
  run: async (home, promise) => {
    const box = await boxOnDisk(home);
    promise(newestOf(box));
    await box.stop();
  },
};

export const merge: StoragePath = {
  name: "a start at which LevelDB merges its tables",
  prepare: async (home) => {
    for (let i = 0; i < TABLES_TO_MERGE; i++) await homeWith(home, 6);
  },
  run: async (home, promise) => {
    const box = await boxOnDisk(home);
    await box.node.runner.run(note, "while it merges");
    promise(newestOf(box));
    await box.stop();
  },
};

/** As it was before stores said which format they have. */
async function unpackOldest(home: string): Promise<void> {
  const [oldest] = oldHomes();
  const [box] = oldest?.boxes ?? [];
  if (oldest === undefined || box === undefined) throw new Error("there is no old home");
  const folder = mkdtempSync(join(tmpdir(), "hearth-old-"));
  try {
    unpackHomes(oldest.version, folder);
    cpSync(join(folder, box), home, { recursive: true });
  } finally {
    rmSync(folder, { recursive: true });
  }
  const store = await openLevelStore(join(home, "store"));
  await store.batch([{ type: "del", key: FORMAT_KEY }]);
  await store.close();
}

const OLD_SERVER = "hearth.localhost" as ServerName;

export const upgrade: StoragePath = {
  name: "a start on the store of an earlier version",
  serverName: OLD_SERVER,
  prepare: unpackOldest,
  run: async (home, promise) => {
    const { store } = await openCheckedStore(home, newStoreId);
    await upgradeStore(store, QUIET);
    await store.close();
    const box = await boxOnDisk(home, { serverName: OLD_SERVER });
    await box.node.runner.run(note, "by this version");
    promise(newestOf(box));
    await box.stop();
  },
};
