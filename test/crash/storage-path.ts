import type { BoxId, DeviceId, ServerName, UserId } from "../../core/ids.ts";
import type { Command } from "../../core/ports.ts";
import { hashOfEntry } from "../../mesh/journal/entry.ts";
import { boxOnDisk } from "../support/box-on-disk.ts";
import type { BoxOnDisk } from "../support/box-on-disk.ts";
import { TEST_SERVER } from "../support/one-box.ts";
import type { TestBoxOptions } from "../support/one-box.ts";

/** What somebody was told is done, and must be there after a crash. */
export type Promised =
  | { readonly entry: { readonly origin: string; readonly seq: number; readonly hash: string } }
  | { readonly blob: string }
  | { readonly name: string; readonly owner: string }
  | { readonly members: number }
  | { readonly home: true }
  | PromisedByPath;

/** What only the path itself knows how to check: `StoragePath.faults`. */
export type PromisedByPath =
  | { readonly vote: string; readonly ballot: number; readonly value?: string }
  | { readonly joined: { readonly origin: string; readonly seq: number } }
  | { readonly asked: string }
  | { readonly owed: string }
  | { readonly told: string }
  | { readonly over: string }
  | { readonly scheduled: string }
  | { readonly cancelled: string };

/** One way in which a box writes to its disk, from a first state to a last one. */
export interface StoragePath {
  readonly name: string;
  /** Makes the first state; without it the home is empty. */
  readonly prepare?: (home: string) => Promise<void>;
  readonly run: (home: string, promise: (done: Promised) => void) => Promise<void>;
  /** What else must hold; looked at before anything else starts on what the crash left. */
  readonly faults?: (home: string, promised: readonly Promised[]) => Promise<string[]>;
  /** Entries that the box may have dropped, but whose effects it must have. */
  readonly droppable?: (home: string) => Promise<readonly string[]>;
  /** The store may count as damaged: it was so before, or is one that has to be filled. */
  readonly mayBeDamaged?: true;
  /** Where it is not the one of tests. */
  readonly serverName?: ServerName;
  /** Of so many crashes one is tried, where all would take minutes. */
  readonly thin?: number;
}

export const ALICE = `@alice:${TEST_SERVER}` as UserId;
export const DEVICE = "DEVICE" as DeviceId;
export const OTHER = "bbbbbbbb" as BoxId;

/** A record in the mesh document. */
export const note: Command<string, void> = (draft, text) =>
  draft.setField("mesh", "notes", text, { text });

/** A record with a text that is long. */
export const longNote: Command<readonly [key: string, text: string], void> = (draft, [key, text]) =>
  draft.setField("mesh", "notes", key, { text });

/** The newest own entry, which is on disk. */
export function newestOf({ node, store }: BoxOnDisk): Promised {
  const { origin, seq } = node.ledger.lastOwn ?? { origin: node.ledger.life, seq: 0 };
  const row = store.get(`j/${origin}/${seq.toString(16).padStart(8, "0")}`) ?? "";
  return { entry: { origin, seq, hash: hashOfEntry(row) } };
}

/** Makes a store with so many records. */
export async function homeWith(home: string, notes: number): Promise<void> {
  const box = await boxOnDisk(home);
  for (let i = 0; i < notes; i++) await box.node.runner.run(note, `before ${i}`);
  await box.stop();
}

/** Looks into a box on a store that no crash may have damaged. */
export async function inSoundBox<T>(
  home: string,
  options: Omit<TestBoxOptions, "disk" | "store">,
  look: (box: BoxOnDisk) => Promise<T>,
): Promise<T> {
  const box = await boxOnDisk(home, options);
  const { outcome, reason } = box.checked;
  try {
    if (outcome !== "ok") throw new Error(`the store is ${outcome}: ${reason}`);
    return await look(box);
  } finally {
    await box.stop();
  }
}
