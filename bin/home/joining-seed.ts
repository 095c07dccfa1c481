import { existsSync } from "node:fs";
import { HomeError } from "./error.ts";
import { readJsonFile, writeJsonFile } from "./json-file.ts";
import { homePaths } from "./paths.ts";
import type { RandomBytes } from "./secrets.ts";
import { decodeKey, encodeKey, SECRET_BYTES } from "./secrets.ts";

/**
 * The seed of a box that asks to join, kept before it asks: where the answer or the power is lost, the mesh may have
 * let it in, and it must ask again as the same box. The folder is there.
 */
export function seedToJoinWith(home: string, random: RandomBytes): Uint8Array {
  const file = homePaths(home).joining;
  if (existsSync(file)) {
    const seed = decodeKey(readJsonFile(file)["box_seed"]);
    if (seed === undefined) throw new HomeError("HOME_DAMAGED", `${file} does not hold a seed`);
    return seed;
  }
  const seed = random(SECRET_BYTES);
  writeJsonFile(file, { version: 1, box_seed: encodeKey(seed) });
  return seed;
}
