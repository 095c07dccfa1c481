import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { distrustTables, tablesOp } from "./added-tables.ts";
import { checkJournal } from "./check-journal.ts";
import { checkStart } from "./check-start.ts";
import { diskTroubleOf } from "./disk-trouble.ts";
import { syncFolder } from "./durable-file.ts";
import { formatOp, NewerStoreError, refuseNewer } from "./format.ts";
import { dataBytesIn, isAbsent, looksWhole } from "./level-files.ts";
import { openLevelStore } from "./level-store.ts";
import type { LevelStore, LevelStoreOptions } from "./level-store.ts";
import { markOf, readMark, writeMark } from "./mark.ts";
import type { Mark } from "./mark.ts";
import { STORE_ID_KEY } from "./mesh-keys.ts";
import { finishSwap, storePath } from "./spare-folder.ts";

/** Damaged stores kept for salvage, so that a dying card does not fill the disk. */
const SET_ASIDE_MAX = 3;
const SET_ASIDE = /^store\.damaged-(\d{1,9})$/;

export interface CheckedStore {
  readonly store: LevelStore;
  /**
   * - `ok`: everything is there that was known to be
   * - `fresh`: there was no store before
   * - `damaged`: the store was set aside, now or before a repair that did not end, and an empty one
   *   begun, to be filled from the other boxes; so is the first one of a box that joins them
   */
  readonly outcome: "ok" | "fresh" | "damaged";
  /** Why it has to be filled, for people. */
  readonly reason?: string;
  /**
   * Folders of stores set aside now or earlier, oldest first. `salvage` reads them; delete them when the
   * repair is done, until then every start is `damaged`.
   */
  readonly setAside: readonly string[];
}

/**
 * Opens the store of a home folder, checked against its mark. A store that is not what it was is set
 * aside, so that a box never serves it as if it were the truth. Throws only where opening a new store
 * would not help: another process has it, the disk is full or read-only, or a later version of the
 * software wrote it (`NewerStoreError`). `isJoining`: other boxes have what a store that is not there
 * yet should hold.
 */
export async function openCheckedStore(
  home: string,
  newStoreId: () => string,
  options: LevelStoreOptions & { readonly isJoining?: boolean } = {},
): Promise<CheckedStore> {
  await finishSwap(home);
  const path = storePath(home);
  const mark = await readMark(home);
  const found = await openIfSound(path, mark, options);
  if (found && "store" in found) {
    await distrustTables(found.store, mark);
    await writeMark(home, markOf(found.store));
    const left = await setAsideIn(home);
    if (left.length === 0) return { store: found.store, outcome: "ok", setAside: left };
    const reason = "the repair of a damaged store has not ended";
    return { store: found.store, outcome: "damaged", reason, setAside: left };
  }
  const isNew = options.isJoining === true ? "this box is new in the mesh" : undefined;
  const reason = found?.reason ?? (mark ? "the store is gone" : isNew);
  if (reason !== undefined) await setAside(home, found === undefined);
  const store = await openLevelStore(path, options);
  const name = { type: "put", key: STORE_ID_KEY, value: newStoreId() } as const;
  await store.batch([name, formatOp(), tablesOp()]);
  await writeMark(home, markOf(store));
  const rest = { store, setAside: await setAsideIn(home) };
  return reason === undefined
    ? { ...rest, outcome: "fresh" }
    : { ...rest, outcome: "damaged", reason };
}

/** Undefined where there is no store. */
async function openIfSound(
  path: string,
  mark: Mark | undefined,
  options: LevelStoreOptions,
): Promise<{ readonly store: LevelStore } | { readonly reason: string } | undefined> {
  let store;
  try {
    if (await isAbsent(path)) return undefined;
    if (!(await looksWhole(path))) return { reason: "the head files of the store are damaged" };
    store = await openLevelStore(path, options);
  } catch (error) {
    if (!isDamage(error)) throw error;
    return { reason: `the store cannot be opened: ${messageOf(error)}` };
  }
  try {
    // Before anything else: what a later version wrote would look like damage.
    refuseNewer(store);
  } catch (error) {
    await store.close();
    if (error instanceof NewerStoreError) throw error;
    return { reason: `the store cannot be read: ${messageOf(error)}` };
  }
  const reason = (await checkJournal(store, mark)) ?? (await checkStart(store));
  if (reason === undefined) return { store };
  await store.close();
  return { reason };
}

/** LevelDB's own message lies below the one that says that opening failed. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

/** Tells damage from what a new store would suffer from as well. */
function isDamage(error: unknown): boolean {
  const code = error instanceof Error && (error.cause as NodeJS.ErrnoException | undefined)?.code;
  if (code === "LEVEL_LOCKED") return false;
  const trouble = diskTroubleOf(error);
  if (trouble === "full" || trouble === "read-only") return false;
  return !/Too many open files|Permission denied/i.test(messageOf(error));
}

async function setAsideNumbers(home: string): Promise<number[]> {
  const names = await readdir(home);
  const numbers = names.flatMap((name) => SET_ASIDE.exec(name)?.[1] ?? []).map(Number);
  return numbers.toSorted((a, b) => a - b);
}

function asidePath(home: string, number: number): string {
  return join(home, `store.damaged-${number}`);
}

async function setAsideIn(home: string): Promise<string[]> {
  return (await setAsideNumbers(home)).map((number) => asidePath(home, number));
}

/**
 * Sets the store of a box aside that is not running: its next start makes a new one, and fills it from
 * this one's journal and the other boxes. False when there is no store.
 */
export async function setStoreAside(home: string): Promise<boolean> {
  if (await isAbsent(storePath(home))) return false;
  await setAside(home, false);
  return true;
}

/** Where there is nothing to set aside, an empty folder stands for it: it says that a repair is due. */
async function setAside(home: string, absent: boolean): Promise<void> {
  const earlier = await setAsideNumbers(home);
  const path = asidePath(home, (earlier.at(-1) ?? 0) + 1);
  await (absent ? mkdir(path) : rename(storePath(home), path));
  await syncFolder(home);
  await dropSurplus(home);
}

/**
 * The smallest go first, of equal ones the oldest: on a dying card one store after the other is begun and
 * set aside, and none of them may push out the one that has the data.
 */
async function dropSurplus(home: string): Promise<void> {
  const paths = await setAsideIn(home);
  const sized = await Promise.all(
    paths.map(async (path) => [path, await dataBytesIn(path)] as const),
  );
  const smallestFirst = sized.toSorted(([, a], [, b]) => (a === b ? 0 : a - b));
  for (const [path] of smallestFirst.slice(0, Math.max(0, paths.length - SET_ASIDE_MAX))) {
    // What a failing disk does not let go costs room, which is no reason not to start.
    await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}
