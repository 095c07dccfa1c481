import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadConfig } from "../../bin/config/load.ts";
import { refuseUsedHome } from "../../bin/home/create.ts";
import { loadMembers } from "../../bin/home/members.ts";
import { homePaths } from "../../bin/home/paths.ts";
import { loadSecrets } from "../../bin/home/secrets.ts";
import type { Command } from "../../core/ports.ts";
import { puts } from "../../core/tables.ts";
import type { DocId } from "../../core/transaction/records.ts";
import type { Origin } from "../../core/vector.ts";
import { hashOfEntry, parseEntry } from "../../mesh/journal/entry.ts";
import {
  DOCUMENT_ROWS,
  JOURNAL_LENGTH_KEY,
  JOURNAL_ROWS,
  journalKey,
} from "../../mesh/store/mesh-keys.ts";
import { TABLE_ROWS } from "../../mesh/store/keys.ts";
import { boxOnDisk, repairedBox } from "../support/box-on-disk.ts";
import type { BoxOnDisk } from "../support/box-on-disk.ts";
import { canonicalText, derivedRows } from "../support/derived-rows.ts";
import { oneBox } from "../support/one-box.ts";
import type { TestBoxOptions } from "../support/one-box.ts";
import type { BoxId } from "../../core/ids.ts";
import type { Promised, StoragePath } from "./storage-path.ts";

/** More than any path writes. */
const ROWS_MAX = 100_000;

const goOn: Command<undefined, void> = (draft) =>
  draft.setField("mesh", "notes", "after the crash", true);

/** What is wrong with what a crash left of a home, for people; nothing when it is as it must be. */
export async function faultsAfterCrash(
  home: string,
  promised: readonly Promised[],
  path: StoragePath,
): Promise<string[]> {
  const faults: string[] = [];
  const folder = join(home, "home");
  if (existsSync(folder) || promised.some((p) => "home" in p)) {
    faults.push(...homeFaults(folder, promised));
    if (promised.every((p) => "home" in p || "members" in p || "asked" in p)) {
      return [...faults, ...((await path.faults?.(home, promised)) ?? [])];
    }
  }
  try {
    faults.push(...((await path.faults?.(home, promised)) ?? []));
    const server = path.serverName === undefined ? {} : { serverName: path.serverName };
    const box = await repairedBox(home, server);
    const { outcome, reason } = box.checked;
    // A store that was never whole may count as damaged: there is nothing in it.
    const wasWhole = path.prepare !== undefined || promised.length > 0;
    if (outcome === "damaged" && wasWhole && !path.mayBeDamaged)
      faults.push(`set aside: ${reason}`);
    faults.push(...(await storeFaults(box, promised)));
    faults.push(...(await replayFaults(box, server, (await path.droppable?.(home)) ?? [])));
    faults.push(...(await mediaFaults(home, box, promised)));
    await box.node.runner.run(goOn, undefined);
    await box.stop();
    const again = await boxOnDisk(home, server);
    if (again.checked.outcome !== "ok") faults.push(`then the store was ${again.checked.reason}`);
    await again.stop();
  } catch (error) {
    faults.push(`the box does not start: ${String((error as Error).stack ?? error)}`);
  }
  return faults;
}

async function storeFaults(box: BoxOnDisk, promised: readonly Promised[]): Promise<string[]> {
  const { store, services } = box;
  const faults: string[] = [];
  for (const done of promised) {
    if ("entry" in done) {
      const { origin, seq, hash } = done.entry;
      const text = store.get(journalKey(origin as Origin, seq));
      if (text === undefined) faults.push(`entry ${seq} of ${origin} is gone`);
      else if (hashOfEntry(text) !== hash) faults.push(`entry ${seq} of ${origin} is another one`);
    } else if ("name" in done) {
      const outcome = await services.claims.claim("user", done.name, "somebody else");
      if (outcome !== "taken") faults.push(`${done.name} was given away again`);
    }
  }
  return faults;
}

/** The tables and documents must be what the journal, and what was dropped of it, make of an empty store. */
async function replayFaults(
  { store, node }: BoxOnDisk,
  server: Pick<TestBoxOptions, "serverName">,
  dropped: readonly string[],
): Promise<string[]> {
  const journal = (await store.range({ ...JOURNAL_ROWS, limit: ROWS_MAX })).map(([, text]) => text);
  const entries = [...new Set([...dropped, ...journal])]
    .map((text) => parseEntry(text))
    .toSorted((a, b) => a.transaction.time - b.transaction.time);
  const replay = await oneBox({
    ...server,
    box: "zzzzzzzz" as BoxId,
    beforeStart: (fresh) => fresh.replicator.take(entries.map(({ text }) => text)),
  });
  const here = derivedRows(await store.range({ ...TABLE_ROWS, limit: ROWS_MAX }));
  const there = derivedRows(replay.disk.entries);
  const faults: string[] = [];
  const length = journal.reduce((sum, text) => sum + text.length, 0);
  if (Number(store.get(JOURNAL_LENGTH_KEY)) !== length) {
    faults.push(`a journal of ${length} says to have ${store.get(JOURNAL_LENGTH_KEY)}`);
  }
  for (const key of new Set([...here.keys(), ...there.keys()])) {
    const [a, b] = [canonicalText(here.get(key)), canonicalText(there.get(key))];
    if (a !== b) faults.push(`${JSON.stringify(key)} is ${a}, by the journal ${b}`);
  }
  const documents = await store.range({ ...DOCUMENT_ROWS, limit: ROWS_MAX });
  for (const id of new Set(documents.map(([key]) => key.slice(2, key.indexOf("\0"))))) {
    const [a, b] = [node, replay.node].map(({ documents: all }) => all.heads(id as DocId).join());
    if (a !== b) faults.push(`document ${id} is not what the journal says`);
  }
  await replay.stop();
  return faults;
}

/** Content that was promised, or that a record names, is there, and is what its hash says. */
async function mediaFaults(
  home: string,
  { node }: BoxOnDisk,
  promised: readonly Promised[],
): Promise<string[]> {
  const hashes = promised.flatMap((done) => ("blob" in done ? [done.blob] : []));
  using snapshot = node.state.snapshot();
  const records = await snapshot.range(puts, { prefix: ["media"], limit: ROWS_MAX });
  for (const [, { value }] of records) hashes.push((value as { hash: string }).hash);
  const faults: string[] = [];
  for (const hash of hashes) {
    const path = join(home, "media", hash.slice(0, 2), hash.slice(2, 4), hash);
    const bytes = await readFile(path).catch(() => undefined);
    if (bytes === undefined) faults.push(`content ${hash} is gone`);
    else if (createHash("sha256").update(bytes).digest("hex") !== hash) {
      faults.push(`content ${hash} is damaged`);
    }
  }
  return faults;
}

/** A home is whole, or it can be made again. */
function homeFaults(home: string, promised: readonly Promised[]): string[] {
  const paths = homePaths(home);
  try {
    if (!existsSync(paths.config)) {
      if (promised.some((p) => "home" in p)) return ["the home is gone"];
      refuseUsedHome(home);
      return [];
    }
    loadConfig(paths.config);
    loadSecrets(paths.secrets);
    const kept = loadMembers(paths.members)?.length ?? 0;
    const saved = promised.flatMap((done) => ("members" in done ? [done.members] : []));
    return kept < Math.max(0, ...saved) ? [`of ${saved.join()} members ${kept} are left`] : [];
  } catch (error) {
    return [`the home cannot be used: ${(error as Error).message}`];
  }
}
