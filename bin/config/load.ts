import { readFileSync, statSync } from "node:fs";
import { diskTroubleOf } from "../../mesh/store/disk-trouble.ts";
import { parseConfig } from "./parse.ts";
import { ConfigError } from "./problems.ts";
import type { Problem } from "./problems.ts";
import type { Config } from "./schema.ts";

/** Largest configuration file, in bytes; the generated one has about 5,000. */
const FILE_BYTES_MAX = 262_144;

/** Reads and checks a `mesh.yaml`. Throws `ConfigError`, which lists every problem with its line. */
export function loadConfig(file: string): Config {
  const { config, unknown } = loadConfigToRun(file);
  if (unknown.length > 0) throw new ConfigError(file, unknown);
  return config;
}

/**
 * The same for a box that must run, also after going back from a version that has more keys: those that
 * are not known are given back with their lines.
 */
export function loadConfigToRun(file: string): {
  readonly config: Config;
  readonly unknown: readonly Problem[];
} {
  const parsed = parseConfig(readSource(file));
  if (!parsed.ok) throw new ConfigError(file, parsed.problems);
  return parsed;
}

function readSource(file: string): string {
  try {
    if (statSync(file).size > FILE_BYTES_MAX) {
      throw new ConfigError(file, [{ line: 1, message: `larger than ${FILE_BYTES_MAX} bytes` }]);
    }
    return readFileSync(file, "utf8");
  } catch (error) {
    // Nobody has to change a file that the disk did not read: the program is started again, and tries again.
    if (error instanceof ConfigError || diskTroubleOf(error) !== undefined) throw error;
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    const message = missing
      ? "no such file; `meshctl init` or `meshctl join` makes one"
      : `cannot be read: ${(error as Error).message}`;
    throw new ConfigError(file, [{ line: 1, message }]);
  }
}
