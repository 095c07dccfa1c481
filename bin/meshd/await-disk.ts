import { statfs } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "../../core/ports.ts";
import { diskTroubleOf, DiskFullError, TROUBLE_TEXTS } from "../../mesh/store/disk-trouble.ts";
import { tryToWrite } from "../../mesh/store/durable-file.ts";
import { DISK_RESERVE_BYTES } from "../../mesh/store/level-store.ts";
import { ControlError } from "../control/error.ts";
import { PARAMS_PARSERS } from "../control/params.ts";
import type { ControlHandlers } from "../control/protocol.ts";
import { serveControl } from "../control/server.ts";
import type { ControlServer } from "../control/server.ts";

/** How often a disk that a box cannot start on is tried again, milliseconds. */
const TRY_AGAIN_MS = 2000;

/**
 * Waits until a box can start on the disk of its home: a start writes. Meanwhile `meshctl` is told what is
 * the matter, instead of finding a process that crashes again and again.
 */
export async function awaitDisk(
  home: string,
  socket: string,
  log: Logger,
  stopping: AbortSignal,
): Promise<void> {
  let told: string | undefined;
  let control: ControlServer | undefined;
  while (!stopping.aborted) {
    const trouble = await troubleOf(home);
    if (trouble === undefined) break;
    if (trouble !== told) log.error({ home }, `${trouble} The box starts once that is mended.`);
    told = trouble;
    control ??= await tellOwner(socket, () => told ?? "", log);
    await pause(stopping);
  }
  await control?.stop();
}

async function troubleOf(home: string): Promise<string | undefined> {
  try {
    const { bavail, bsize } = await statfs(home);
    if (bavail * bsize < DISK_RESERVE_BYTES) throw new DiskFullError();
    await tryToWrite(home);
    return undefined;
  } catch (error) {
    const trouble = diskTroubleOf(error);
    if (trouble === undefined) throw error;
    return TROUBLE_TEXTS[trouble];
  }
}

/** Where the disk has no place even for a socket, the log alone tells. */
async function tellOwner(
  socket: string,
  trouble: () => string,
  log: Logger,
): Promise<ControlServer | undefined> {
  const refuse = (): never => {
    const advice = "The box has not started; it does so by itself once that is mended.";
    throw new ControlError("unavailable", `${trouble()} ${advice}`);
  };
  const verbs = Object.keys(PARAMS_PARSERS);
  const handlers = Object.fromEntries(verbs.map((verb) => [verb, async () => refuse()]));
  try {
    return await serveControl(socket, handlers as unknown as ControlHandlers, log);
  } catch (error) {
    log.warn({ err: error }, "meshctl cannot be answered yet");
    return undefined;
  }
}

/** Leaves nothing at the signal: a disk may be full for weeks. */
async function pause(stopping: AbortSignal): Promise<void> {
  await wait(TRY_AGAIN_MS, undefined, { signal: stopping }).catch(() => undefined);
}
