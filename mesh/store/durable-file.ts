import { open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/** More than a block of any file system, bytes: a smaller file may fit where nothing else does. */
const TEST_BYTES = 64 * 1024;

/** Makes names in a folder (renames, new files) outlive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Rejects as a write would when nothing can be written to the folder: full, read-only or broken. */
export async function tryToWrite(folder: string): Promise<void> {
  const path = join(folder, "disk-test.new");
  try {
    const file = await open(path, "w", 0o600);
    try {
      await file.writeFile(Buffer.alloc(TEST_BYTES, 1));
      await file.sync();
    } finally {
      await file.close();
    }
  } finally {
    await rm(path, { force: true }).catch(() => undefined);
  }
}

/** Replaces a small file: after a power cut the old or the new one is there, whole. */
export async function writeFileDurably(path: string, text: string): Promise<void> {
  const draft = `${path}.new`;
  try {
    const file = await open(draft, "w", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}
