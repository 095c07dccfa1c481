import { execFile } from "node:child_process";

/** What the owner's program is told, as environment variables. */
export interface Listing {
  readonly serverName: string;
  /** Names of boxes, sorted. */
  readonly serving: readonly string[];
  readonly dark: readonly string[];
}

/** A DNS provider that has not answered by then does not, milliseconds. */
const RUN_MS_MAX = 60_000;
/** Bytes of what the program prints that are kept, and characters of them that are shown. */
const OUTPUT_BYTES_MAX = 64 * 1024;
const SHOWN_LENGTH_MAX = 200;

/** Runs the program; resolves with why it failed, for people, or nothing. */
export function runProgram(
  file: string,
  listing: Listing,
  signal: AbortSignal,
): Promise<string | undefined> {
  const env = {
    ...process.env,
    HEARTH_SERVER_NAME: listing.serverName,
    HEARTH_SERVING: listing.serving.join(" "),
    HEARTH_DARK: listing.dark.join(" "),
  };
  const options = { env, signal, timeout: RUN_MS_MAX, maxBuffer: OUTPUT_BYTES_MAX };
  return new Promise((resolve) => {
    const child = execFile(file, [], options, (error, _stdout, stderr) => {
      resolve(error ? `${file}: ${reasonOf(error, stderr)}` : undefined);
    });
    child.stdin?.end();
  });
}

function reasonOf(error: Error & { killed?: boolean; code?: unknown }, stderr: string): string {
  if (error.killed) return `it took longer than ${RUN_MS_MAX / 1000} s, or printed too much`;
  const said =
    stderr
      .trim()
      .split("\n")
      .at(-1)
      ?.replaceAll(/[^\x20-\x7e]/g, "?") ?? "";
  if (said !== "") return said.slice(0, SHOWN_LENGTH_MAX);
  return typeof error.code === "number" ? `it ended with status ${error.code}` : error.message;
}
