import { readFileSync, statSync } from "node:fs";
import { parseConfig } from "./parse.ts";
import { ConfigError } from "./problems.ts";
import type { Config } from "./schema.ts";

/** Largest configuration file, in bytes; the generated one has about 5,000. */
const FILE_BYTES_MAX = 262_144;

/** Reads and checks a `mesh.yaml`. Throws `ConfigError`, which lists every problem with its line. */
export function loadConfig(file: string): Config {
  const parsed = parseConfig(readSource(file));
  if (!parsed.ok) throw new ConfigError(file, parsed.problems);
  return parsed.config;
}

function readSource(file: string): string {
  try {
    if (statSync(file).size > FILE_BYTES_MAX) {
      throw new ConfigError(file, [{ line: 1, message: `larger than ${FILE_BYTES_MAX} bytes` }]);
    }
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    const message = missing
      ? "no such file; `meshctl init` or `meshctl join` makes one"
      : `cannot be read: ${(error as Error).message}`;
    throw new ConfigError(file, [{ line: 1, message }]);
  }
}
