import { rm } from "node:fs/promises";
import { join } from "node:path";
import { saveMembers } from "../../../bin/home/members.ts";
import { homePaths } from "../../../bin/home/paths.ts";
import { newSecrets, saveSecrets } from "../../../bin/home/secrets.ts";
import { setAsideForRefill } from "../../../bin/meshctl/refill.ts";
import type { Origin } from "../../../core/vector.ts";
import { readPosition } from "../../../mesh/journal/positions.ts";
import { carryOver, checkCopy } from "../../../mesh/snapshot/carry-over.ts";
import { StoreCopy } from "../../../mesh/snapshot/store-copy.ts";
import { openCheckedStore } from "../../../mesh/store/check.ts";
import { formatOp } from "../../../mesh/store/format.ts";
import { STORE_ID_KEY } from "../../../mesh/store/mesh-keys.ts";
import { SpareFolder } from "../../../mesh/store/spare-folder.ts";
import type { Store } from "../../../mesh/store/store.ts";
import { boxOnDisk, newStoreId, repairedBox } from "../../support/box-on-disk.ts";
import type { BoxOnDisk } from "../../support/box-on-disk.ts";
import { MemoryNetwork } from "../../support/memory-network.ts";
import { oneBox, untilMeshed } from "../../support/one-box.ts";
import { homeWith, longNote, newestOf, note, OTHER } from "../storage-path.ts";
import type { Promised, StoragePath } from "../storage-path.ts";

/** A store whose head file is gone; its journal can be read all the same. */
export const repair: StoragePath = {
  name: "a damaged store that is set aside and repaired",
  mayBeDamaged: true,
  prepare: async (home) => {
    await homeWith(home, 8);
    await rm(join(home, "store", "CURRENT"));
  },
  run: async (home, promise) => {
    const box = await repairedBox(home);
    promise(newestOf(box));
    await box.stop();
  },
};

export const refill: StoragePath = {
  name: "a store that its owner has set aside, to be filled anew",
  mayBeDamaged: true,
  prepare: async (home) => {
    await homeWith(home, 8);
    const paths = homePaths(home);
    saveSecrets(
      paths.secrets,
      newSecrets((length) => new Uint8Array(length)),
    );
    saveMembers(paths.members, [{ box: OTHER, name: "attic", peerId: "peer", addresses: [] }]);
  },
  run: async (home, promise) => {
    const before = await boxOnDisk(home);
    promise(newestOf(before));
    await before.stop();
    await setAsideForRefill(home);
    const box = await repairedBox(home);
    promise(newestOf(box));
    await box.stop();
  },
};

/** A store that counts as whole has all that the mesh had when the box joined it. */
async function fillFaults(home: string, promised: readonly Promised[]): Promise<string[]> {
  const { outcome, store } = await openCheckedStore(home, newStoreId, { isJoining: true });
  const faults: string[] = [];
  if (outcome === "fresh") faults.push("the box begins with an empty store");
  for (const done of promised) {
    if (outcome !== "ok" || !("joined" in done)) continue;
    const { origin, seq } = done.joined;
    const has = readPosition(store, origin as Origin)?.seq ?? 0;
    if (has < seq) faults.push(`a store with ${has} of ${seq} entries counts as whole`);
  }
  await store.close();
  return faults;
}

export const joining: StoragePath = {
  name: "the first start of a box that joins a mesh, and is filled by another one",
  mayBeDamaged: true,
  run: async (home, promise) => {
    const network = new MemoryNetwork();
    const other = await oneBox({ box: OTHER, network });
    for (let i = 0; i < 12; i++) await other.node.runner.run(note, `from elsewhere ${i}`);
    const { life, lastOwn } = other.node.ledger;
    promise({ joined: { origin: life, seq: lastOwn?.seq ?? 0 } });
    const box = await repairedBox(home, { network, others: true });
    await box.node.runner.run(note, "now a member");
    promise(newestOf(box));
    await box.stop();
    await other.stop();
  },
  faults: fillFaults,
};

/** Of 45 kB each, three times over in journal, document and tables: a copy takes two writes. */
const LONG_NOTES = 10;

/** Copies the store of another box into the spare folder, as a renewal does. */
async function copyFrom(box: BoxOnDisk, spare: SpareFolder): Promise<Store> {
  const copied = new StoreCopy({
    from: OTHER,
    transport: box.transport,
    isStopped: () => false,
    open: async ({ sizeBytes, format }) => {
      const target = await spare.begin(sizeBytes);
      const name = { type: "put", key: STORE_ID_KEY, value: newStoreId() } as const;
      await target.batch([name, formatOp(format)]);
      return target;
    },
  });
  await copied.fetch();
  if (copied.target === undefined) throw new Error("the copy has no head");
  await checkCopy(copied.target, box.node.ledger.vector);
  return copied.target;
}

export const copy: StoragePath = {
  name: "a copy of another box's store that takes the place of the old one",
  thin: 5,
  prepare: (home) => homeWith(home, 8),
  run: async (home, promise) => {
    const network = new MemoryNetwork();
    const other = await oneBox({ box: OTHER, network });
    for (let i = 0; i < LONG_NOTES; i++) {
      await other.node.runner.run(longNote, [`from elsewhere ${i}`, "x".repeat(45_000)]);
    }
    const box = await boxOnDisk(home, { network });
    await untilMeshed([box, other]);
    promise(newestOf(box));
    const spare = new SpareFolder(home);
    const copied = await copyFrom(box, spare);
    await box.node.runner.run(note, "while it was copied");
    promise(newestOf(box));
    await other.stop();
    await box.node.stop();
    await carryOver(box.store, copied);
    await copied.close();
    await box.stop();
    await spare.swap();
    const next = await boxOnDisk(home);
    await next.node.runner.run(note, "on the copy");
    promise(newestOf(next));
    await next.stop();
  },
};
