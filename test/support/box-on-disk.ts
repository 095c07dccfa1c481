import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { Repair } from "../../bin/box/repair.ts";
import { systemTimers } from "../../bin/timers.ts";
import type { BoxId } from "../../core/ids.ts";
import type { Logger } from "../../core/ports.ts";
import type { MeshNode } from "../../mesh/mesh-node.ts";
import { openCheckedStore } from "../../mesh/store/check.ts";
import type { CheckedStore } from "../../mesh/store/check.ts";
import { upgradeStore } from "../../mesh/store/format.ts";
import type { LevelStore } from "../../mesh/store/level-store.ts";
import { markOf, writeMark } from "../../mesh/store/mark.ts";
import { oneBox } from "./one-box.ts";
import { untilSo } from "./until-so.ts";
import type { TestBox, TestBoxOptions } from "./one-box.ts";

const BOX = "aaaaaaaa" as BoxId;
const quiet = (): void => undefined;
export const QUIET: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

/** A box of this process on the store of a home, with the checks of a real start. */
export interface BoxOnDisk extends TestBox {
  readonly store: LevelStore;
  readonly checked: CheckedStore;
  /** How long the checked opening of the store took, milliseconds. */
  readonly checkMs: number;
  /** Ends in order: the last mark is written. */
  stop(): Promise<void>;
}

export async function boxOnDisk(
  home: string,
  options: Omit<TestBoxOptions, "disk" | "store"> = {},
): Promise<BoxOnDisk> {
  const began = performance.now();
  const checked = await openCheckedStore(home, newStoreId);
  const checkMs = performance.now() - began;
  return { ...(await serve(home, checked, options)), checkMs };
}

/**
 * A box that first takes over what is left of its damaged store, and is whole when it resolves.
 * `others`: there are boxes that fill it.
 */
export async function repairedBox(
  home: string,
  {
    others = false,
    ...options
  }: Omit<TestBoxOptions, "disk" | "store"> & { readonly others?: boolean } = {},
): Promise<BoxOnDisk> {
  const checked = await openCheckedStore(home, newStoreId, { isJoining: others });
  const { setAside } = checked;
  let repair: Repair | undefined;
  const beforeStart = async (node: MeshNode): Promise<void> => {
    repair = new Repair({ node, timers: systemTimers, logger: QUIET }, checked, others);
    await repair.salvage();
  };
  const box = await serve(home, checked, { ...options, beforeStart });
  repair?.watch();
  try {
    await untilSo("the repair ends", () => !setAside.some((folder) => existsSync(folder)));
  } catch (error) {
    repair?.stop();
    await box.stop();
    throw error;
  }
  return { ...box, checkMs: 0 };
}

export function newStoreId(): string {
  return randomBytes(12).toString("base64url");
}

async function serve(
  home: string,
  checked: CheckedStore,
  options: Omit<TestBoxOptions, "disk" | "store">,
): Promise<Omit<BoxOnDisk, "checkMs">> {
  const { store } = checked;
  await upgradeStore(store, QUIET);
  const box = await oneBox({ box: BOX, ...options, store });
  const stop = async (): Promise<void> => {
    await box.stop();
    await writeMark(home, markOf(store));
    await store.close();
  };
  return { ...box, store, checked, stop };
}
