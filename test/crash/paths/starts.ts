import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endDelayed } from "../../../core/delayed/manage.ts";
import { DELAY_MS_MAX, schedule } from "../../../core/delayed/schedule.ts";
import type { DeviceId, RoomId, ServerName, UserId } from "../../../core/ids.ts";
import { delayedEvents } from "../../../core/tables.ts";
import { rangeOf } from "../../../mesh/store/keys.ts";
import { markOf, writeMark } from "../../../mesh/store/mark.ts";
import type { SavedHousehold } from "../../e2e/support/household.ts";
import { openLevelStore } from "../../../mesh/store/level-store.ts";
import { FORMAT_KEY, TABLES_KEY } from "../../../mesh/store/mesh-keys.ts";
import { oldHomes, unpackHomes } from "../../fixtures/homes.ts";
import { boxOnDisk } from "../../support/box-on-disk.ts";
import { homeWith, newestOf, note } from "../storage-path.ts";
import type { StoragePath } from "../storage-path.ts";

/** Each start makes one table of the log; LevelDB merges four. */
const TABLES_TO_MERGE = 3;
/** More than the old home lists. */
const LISTED_MAX = 100;

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

const OLD_SERVER = "hearth.localhost" as ServerName;

/** As it was before stores said which format they have, and had a list of delayed events. */
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
  await delaySome(home, oldest.people);
  const store = await openLevelStore(join(home, "store"));
  const lists = rangeOf(delayedEvents, { prefix: [], limit: LISTED_MAX });
  const later = [FORMAT_KEY, TABLES_KEY, ...(await store.range(lists)).map(([key]) => key)];
  await store.batch(later.map((key) => ({ type: "del", key })));
  await writeMark(home, markOf(store));
  await store.close();
}

/** One that is open, one that is over, one that is forgotten. */
async function delaySome(home: string, { alice, room }: SavedHousehold): Promise<void> {
  const box = await boxOnDisk(home, { serverName: OLD_SERVER });
  const requester = { user: alice.user_id as UserId, device: alice.device_id as DeviceId };
  const event = { requester, room: room as RoomId, type: "m.room.message", content: {} };
  const later = (id: string, forget: readonly string[]): Promise<void> =>
    box.node.runner.run(schedule, { ...event, delayMs: DELAY_MS_MAX, id, forget });
  for (const id of ["gone", "over"]) {
    await later(id, []);
    await box.node.runner.run(endDelayed, { id });
  }
  await later("open", ["gone"]);
  await box.stop();
}

export const upgrade: StoragePath = {
  name: "a start on the store of an earlier version",
  serverName: OLD_SERVER,
  prepare: unpackOldest,
  run: async (home, promise) => {
    const box = await boxOnDisk(home, { serverName: OLD_SERVER });
    await box.node.runner.run(note, "by this version");
    promise(newestOf(box));
    await box.stop();
  },
};
