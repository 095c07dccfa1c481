import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";

/** What the owner's program is told, as environment variables. */
export interface Listing {
  readonly serverName: string;
  /** Names of boxes, sorted. */
  readonly serving: readonly string[];
  readonly dark: readonly string[];
}

/** A DNS provider that has not answered by then does not, milliseconds. */
const RUN_MS_MAX = 60_000;
/** Characters of the end of its complaints that are kept, and of the last line that are shown. */
const COMPLAINT_LENGTH_MAX = 4096;
const SHOWN_LENGTH_MAX = 200;

/** Runs the program; resolves with why it failed, for people, or nothing. */
export async function runProgram(
  file: string,
  listing: Listing,
  signal: AbortSignal,
  runMsMax = RUN_MS_MAX,
): Promise<string | undefined> {
  const env = {
    ...process.env,
    HEARTH_SERVER_NAME: listing.serverName,
    HEARTH_SERVING: listing.serving.join(" "),
    HEARTH_DARK: listing.dark.join(" "),
  };
  let child: ChildProcess;
  try {
    // A process group of its own, so that what it started can be ended with it.
    child = spawn(file, [], { env, detached: true, stdio: ["ignore", "ignore", "pipe"] });
  } catch (error) {
    // Some files are refused at once, without an event.
    return `${file}: ${(error as Error).message}`;
  }
  const why = await endOf(child, signal, runMsMax);
  return why === undefined ? undefined : `${file}: ${why}`;
}

/** Resolves when it has ended; at the latest when its time is up, or the box stops, and it was killed. */
function endOf(
  child: ChildProcess,
  signal: AbortSignal,
  runMsMax: number,
): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  let complaint = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(-COMPLAINT_LENGTH_MAX);
  });
  child.once("error", (error) => resolve(error.message));
  child.once("close", (code, by) => {
    const how = code === null ? `it was ended by ${by}` : `it ended with status ${code}`;
    resolve(code === 0 ? undefined : lastLineOf(complaint) || how);
  });
  const cut = (why: string): void => {
    killGroup(child);
    // Who left the group may hold it open.
    child.stderr?.destroy();
    resolve(why);
  };
  const timer = setTimeout(() => cut(`it took longer than ${runMsMax / 1000} s`), runMsMax);
  const stop = (): void => cut("the box stops");
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  });
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // All of it has ended.
  }
}

/** Fit for a terminal. */
function lastLineOf(complaint: string): string {
  const line = complaint.trim().split("\n").at(-1) ?? "";
  return line.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, SHOWN_LENGTH_MAX);
}
