import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BoxId } from "../../../core/ids.ts";
import type { Vector } from "../../../core/vector.ts";
import { hashOfEntry } from "../../../mesh/journal/entry.ts";
import { putBox } from "../../../mesh/membership/membership.ts";
import type { JournalLimits } from "../../../mesh/replica/truncator.ts";
import { JOURNAL_ROWS } from "../../../mesh/store/mesh-keys.ts";
import { boxOnDisk } from "../../support/box-on-disk.ts";
import type { BoxOnDisk } from "../../support/box-on-disk.ts";
import { oneBox } from "../../support/one-box.ts";
import { untilSo } from "../../support/until-so.ts";
import { homeWith, newestOf, note, OTHER } from "../storage-path.ts";
import type { StoragePath } from "../storage-path.ts";

export const fromOthers: StoragePath = {
  name: "entries of another box",
  prepare: (home) => homeWith(home, 1),
  run: async (home, promise) => {
    const other = await oneBox({ box: OTHER });
    for (let i = 0; i < 12; i++) await other.node.runner.run(note, `from elsewhere ${i}`);
    const { life } = other.node.ledger;
    const texts = await other.node.ledger.read(life, 1, 100);
    const box = await boxOnDisk(home);
    for (let at = 0; at < texts.length; at += 4) {
      const batch = texts.slice(at, at + 4);
      await box.node.replicator.take(batch);
      const hash = hashOfEntry(batch.at(-1) ?? "");
      promise({ entry: { origin: life, seq: at + batch.length, hash } });
    }
    await box.stop();
    await other.stop();
  },
};

/** More than the path writes after what may be dropped. */
const KEPT_ENTRIES = 20;
const LONG_JOURNAL = 90;
/** So much of it the other box says to have, one after the other. */
const HEARD_SEQS = [40, 70, LONG_JOURNAL];
const SHORT_JOURNALS: JournalLimits = {
  keepEntries: KEPT_ENTRIES,
  keepLength: 2 ** 30,
  heldEntries: 2 ** 30,
  heldLength: 2 ** 30,
  lookMs: 1,
};

function member(box: BoxId, name: string) {
  return { box, name, peerId: `peer-${box}`, addresses: [], added: 0 };
}

const droppedFile = (home: string): string => join(home, "journal-before.json");

async function entriesOf({ store }: BoxOnDisk): Promise<string[]> {
  const rows = await store.range({ ...JOURNAL_ROWS, limit: 1000 });
  return rows.map(([, text]) => text);
}

/** Another box says that it has this on disk; resolves when entries were dropped for that. */
async function hear({ node }: BoxOnDisk, vector: Vector): Promise<void> {
  const { extent } = node.ledger;
  const before = extent.floors;
  node.truncator.heard(OTHER, vector);
  await untilSo("entries are dropped", () => extent.floors !== before);
  await node.truncator.settled();
}

export const truncation: StoragePath = {
  name: "a journal that is cut, and entries between the cuts",
  prepare: async (home) => {
    const box = await boxOnDisk(home);
    await box.node.runner.run(putBox, member(box.transport.self, "here"));
    await box.node.runner.run(putBox, member(OTHER, "there"));
    for (let i = 0; i < LONG_JOURNAL; i++) await box.node.runner.run(note, `before ${i}`);
    await writeFile(droppedFile(home), JSON.stringify(await entriesOf(box)));
    await box.stop();
  },
  run: async (home, promise) => {
    const box = await boxOnDisk(home, { journalLimits: SHORT_JOURNALS });
    const [life = box.node.ledger.life] = box.node.ledger.positions().keys();
    for (const seq of HEARD_SEQS) {
      await hear(box, { [life]: seq });
      await box.node.runner.run(note, `after the cut at ${seq}`);
      promise(newestOf(box));
    }
    await box.stop();
    const next = await boxOnDisk(home, { journalLimits: SHORT_JOURNALS });
    await next.node.runner.run(note, "in the next life");
    promise(newestOf(next));
    await next.stop();
  },
  droppable: async (home) => JSON.parse(await readFile(droppedFile(home), "utf8")) as string[],
};
