import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Repair } from "../../../bin/box/repair.ts";
import type { BoxId } from "../../../core/ids.ts";
import type { Command } from "../../../core/ports.ts";
import { fields } from "../../../core/tables.ts";
import { hashOfEntry } from "../../../mesh/journal/entry.ts";
import type { MeshNode } from "../../../mesh/mesh-node.ts";
import { openCheckedStore } from "../../../mesh/store/check.ts";
import { boxOnDisk } from "../../support/box-on-disk.ts";
import { oneBox } from "../../support/one-box.ts";
import { FakeTimers } from "../../mesh/transport/fake-timers.ts";

const BOX = "aaaaaaaa" as BoxId;
const NOTES = 12;
const quiet = (): void => undefined;
const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const note: Command<string, void> = (draft, text) => draft.setField("mesh", "notes", text, true);

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "hearth-repair-"));
});
afterEach(() => rm(home, { recursive: true }));

/** A box on the home with its notes, whose journal begins after entry `floor`, and whose head file is gone. */
async function damagedHome(floor: number): Promise<void> {
  const { node, store, stop } = await boxOnDisk(home);
  for (let i = 0; i < NOTES; i++) await node.runner.run(note, `note ${i}`);
  if (floor > 0) {
    const { extent, life } = node.ledger;
    const texts = await node.ledger.read(life, 1, floor);
    const through = { seq: floor, hash: hashOfEntry(texts.at(-1) ?? "") };
    const stage = node.state.begin();
    extent.cut(stage, [{ origin: life, from: 1, through, length: texts.join("").length }]);
    await node.state.commit(stage);
    extent.settle();
  }
  await stop();
  await store.close();
  await rm(join(home, "store", "CURRENT"));
}

/** Starts a box on what is left, as far as its repair goes. */
async function repairing(hasOthers: boolean) {
  const checked = await openCheckedStore(home, () => "new");
  let repair: Repair | undefined;
  const timers = new FakeTimers();
  const beforeStart = async (node: MeshNode): Promise<void> => {
    repair = new Repair({ node, timers, logger }, checked, hasOthers);
    await repair.salvage();
  };
  const box = await oneBox({ box: BOX, store: checked.store, beforeStart });
  if (!repair) throw new Error("the box did not start");
  repair.watch();
  const stop = async (): Promise<void> => {
    repair?.stop();
    await box.stop();
    await checked.store.close();
  };
  return { box, repair, stop };
}

const asideIn = async (): Promise<string[]> =>
  (await readdir(home)).filter((name) => name.startsWith("store."));

test("a box that is alone is whole again with what its journal had", async () => {
  await damagedHome(0);
  const { box, repair, stop } = await repairing(false);
  await expect.poll(() => repair.status.state).toBe("good");
  await expect.poll(asideIn).toEqual([]);
  expect(box.services.reader.get(fields, ["mesh", "notes", "note 11"])).toBe(true);
  expect(repair.refusal).toBeUndefined();
  await stop();
});

test("a journal without its beginning builds upon nothing: alone, the box says so and keeps what there is", async () => {
  await damagedHome(5);
  const { repair, stop } = await repairing(false);
  await expect.poll(() => repair.status.state).toBe("damaged");
  expect(repair.status.note).toMatch(/head files .* it is kept in .*store\.damaged-1/);
  expect(repair.refusal).toContain("meshctl status");
  expect(await asideIn()).toEqual(["store.damaged-1"]);
  await stop();
  // It is no better at the next start.
  const again = await repairing(false);
  await expect.poll(() => again.repair.status.state).toBe("damaged");
  await again.stop();
});

test("with other boxes it waits for them, and closes none of its lives meanwhile", async () => {
  await damagedHome(5);
  const { box, repair, stop } = await repairing(true);
  expect(repair.status).toMatchObject({
    state: "repairing",
    note: expect.stringMatching(/^fetching what it lacks: ./),
  });
  expect(repair.refusal).toContain("try another one");
  expect(box.node.ledger.hasOpenLives).toBe(true);
  expect(await asideIn()).toEqual(["store.damaged-1"]);
  await stop();
});
