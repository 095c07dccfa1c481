import { readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** `CURRENT` names the manifest. */
const CURRENT_BYTES_MAX = 100;
/** Files in which LevelDB has rows. */
const LEVEL_DATA = /\.(?:ldb|sst|log)$/;

async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** Is there no store at all, or one in which nothing was ever written? */
export async function isAbsent(path: string): Promise<boolean> {
  return !(await namesIn(path)).some((name) =>
    /^(CURRENT|MANIFEST-\d+|\d+\.(log|ldb|sst))$/.test(name),
  );
}

/**
 * Are LevelDB's head files there? Where `CURRENT` is missing, opening starts an empty store and deletes
 * the data files of the old one.
 */
export async function looksWhole(path: string): Promise<boolean> {
  try {
    const current = join(path, "CURRENT");
    if ((await stat(current)).size > CURRENT_BYTES_MAX) return false;
    const manifest = /^(MANIFEST-\d+)\n$/.exec(await readFile(current, "utf8"))?.[1];
    return manifest !== undefined && (await stat(join(path, manifest))).size > 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

/** What the files with rows of a store that was set aside have; no end where the disk does not say. */
export async function dataBytesIn(path: string): Promise<number> {
  try {
    const names = (await readdir(path)).filter((name) => LEVEL_DATA.test(name));
    const files = await Promise.all(names.map((name) => stat(join(path, name))));
    return files.reduce((sum, { size }) => sum + size, 0);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
