import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Level } from "level";
import type { StoreFile, StoreFiles } from "../../../mesh/scrub/store-files.ts";

/** In Node `level` is classic-level, whose types leave out what only it has. */
type Classic = Level<string, string> & { compactRange(from: string, to: string): Promise<void> };

const ROWS = 3000;

/** Half of it can be compressed, as what people write can. */
export function valueOf(row: number): string {
  return createHash("sha256").update(String(row)).digest("hex").repeat(2);
}

export function keyOf(row: number): string {
  return `row ${String(row).padStart(6, "0")}`;
}

/** A real store of LevelDB with all of its rows in tables; close it. */
export async function levelWithTables(folder: string): Promise<Classic> {
  const db = new Level<string, string>(folder, { keyEncoding: "utf8", valueEncoding: "utf8" });
  await fill(db as Classic, 0);
  await fill(db as Classic, ROWS);
  return db as Classic;
}

/** Puts rows into a table of their own, and merges nothing else. */
export async function fill(db: Classic, from: number): Promise<void> {
  const rows = Array.from({ length: ROWS }, (_, i) => from + i);
  await db.batch(rows.map((row) => ({ type: "put", key: keyOf(row), value: valueOf(row) })));
  await db.compactRange(keyOf(from), keyOf(from + ROWS));
}

export function tablesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".ldb"))
    .toSorted();
}

export const bytesOf = (folder: string, name: string): Buffer => readFileSync(join(folder, name));

export function memoryFile(bytes: Uint8Array): StoreFile {
  return {
    sizeBytes: bytes.length,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
    close: () => Promise.resolve(),
  };
}

/** Files that are shown otherwise than they are: by name, the bytes, nothing, or an error. */
export function shownAs(
  files: StoreFiles,
  show: (name: string) => Uint8Array | Error | "gone" | "as it is",
): StoreFiles {
  return {
    open: async (name) => {
      const shown = show(name);
      if (shown === "as it is") return files.open(name);
      if (shown === "gone") return undefined;
      if (shown instanceof Uint8Array) return memoryFile(shown);
      const file = await files.open(name);
      return file && { ...file, read: () => Promise.reject(shown) };
    },
  };
}

/** Runs a check to its end; resolves with what it returns and the bytes that it said it read. */
export async function run<T>(
  check: AsyncGenerator<number, T>,
): Promise<{ readonly result: T; readonly bytes: number }> {
  let bytes = 0;
  for (;;) {
    const step = await check.next();
    if (step.done) return { result: step.value, bytes };
    bytes += step.value;
  }
}
