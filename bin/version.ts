import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isObject } from "../core/json.ts";

/** How long `git describe` may take, in milliseconds; the version is worth no longer wait. */
const GIT_WAIT_MS = 1000;

/** The release, and in a clone the commit: `0.1.0` or `0.1.0+3f2a91c` (`-dirty` with changes). */
export function version(): string {
  const root = packageRoot(import.meta.dirname);
  const manifest: unknown = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const release = isObject(manifest) ? manifest["version"] : undefined;
  if (typeof release !== "string") throw new Error(`${root}/package.json names no version`);
  const commit = existsSync(join(root, ".git")) ? describeCommit(root) : undefined;
  return commit === undefined ? release : `${release}+${commit}`;
}

/** The folder of package.json: one up from bin/, two up from dist/bin/. */
export function packageRoot(from: string): string {
  if (existsSync(join(from, "package.json"))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error("no package.json above the program");
  return packageRoot(parent);
}

function describeCommit(root: string): string | undefined {
  try {
    const args = ["describe", "--always", "--dirty", "--exclude=*"];
    const options = { cwd: root, timeout: GIT_WAIT_MS, stdio: "pipe", encoding: "utf8" } as const;
    return execFileSync("git", args, options).trim();
  } catch {
    return undefined;
  }
}
