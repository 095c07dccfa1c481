import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** The project's own files, for tests that hold the source to its rules. */
export const ROOT = join(import.meta.dirname, "../..");

const SKIPPED = new Set([
  "node_modules",
  "dist",
  "data",
  ".git",
  ".bench",
  "matrix-spec",
  "fixtures",
]);

/** Files below a folder of the project, as paths from its root, sorted. */
export function filesBelow(folder: string): string[] {
  const start = join(ROOT, folder);
  if (!existsSync(start)) return [];
  return readdirSync(start, { withFileTypes: true })
    .flatMap((entry) => {
      const path = relative(ROOT, join(start, entry.name));
      if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : filesBelow(path);
      return [path];
    })
    .sort();
}

export function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** The lines of a source file with comments blanked, so that prose is not taken for code. */
export function codeLines(source: string): string[] {
  return source
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " "))
    .split("\n")
    .map((line) => line.replace(/(^|\s)\/\/.*$/, "$1"));
}
