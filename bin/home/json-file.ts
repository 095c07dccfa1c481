import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { JsonObject } from "../../core/json.ts";
import { isObject } from "../../core/json.ts";
import { diskTroubleOf } from "../../mesh/store/disk-trouble.ts";
import { HomeError } from "./error.ts";

/** Largest file read whole, in bytes: these hold some keys and a few members. */
const FILE_BYTES_MAX = 262_144;

/**
 * Reads a small JSON object. Throws `HomeError` when it is missing, too large or no object; what the disk
 * did not read may be there the next time, and its error is thrown as it is.
 */
export function readJsonFile(file: string): JsonObject {
  try {
    if (statSync(file).size > FILE_BYTES_MAX)
      throw new Error(`larger than ${FILE_BYTES_MAX} bytes`);
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (isObject(value)) return value;
  } catch (error) {
    if (diskTroubleOf(error) !== undefined) throw error;
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    const why = missing ? "is missing" : `cannot be read: ${(error as Error).message}`;
    throw new HomeError(missing ? "HOME_MISSING" : "HOME_DAMAGED", `${file} ${why}`, error);
  }
  throw new HomeError("HOME_DAMAGED", `${file} is no JSON object`);
}

/** Replaces the file at once, so that a power cut leaves the old or the new one. Mode 0600. */
export function writeJsonFile(file: string, value: JsonObject): void {
  writeFileAtomically(file, JSON.stringify(value, null, 2) + "\n");
}

export function writeFileAtomically(file: string, content: string): void {
  const draft = `${file}.new`;
  writeFileSync(draft, content, { mode: 0o600, flush: true });
  renameSync(draft, file);
  const folder = openSync(dirname(file), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
