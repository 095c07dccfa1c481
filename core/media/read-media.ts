import { MatrixError, notFound, unavailable } from "../errors.ts";
import { parseServerName } from "../ids.ts";
import type { Timers } from "../ports.ts";
import type { Services } from "../services.ts";
import { millisecondsOf } from "../transaction/records.ts";
import { DOWNLOAD_POLL_MS, UNUSED_MEDIA_MS } from "./constants.ts";
import { isMediaId, isStored, mediaRecord } from "./media-record.ts";
import type { StoredMedia } from "./media-record.ts";

export interface MediaQuery {
  readonly serverName: string;
  readonly mediaId: string;
  /** How long to wait for an upload that has not come yet, in ms. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

type ReadDeps = Pick<Services, "reader" | "isCaughtUp" | "serverName" | "timers" | "now">;

const notYetUploaded = (): MatrixError =>
  new MatrixError(504, "M_NOT_YET_UPLOADED", "the content has not been uploaded yet");

/**
 * The description of uploaded content. Throws 404 M_NOT_FOUND, or 504 M_NOT_YET_UPLOADED when the wait
 * was in vain.
 */
export async function findMedia(deps: ReadDeps, query: MediaQuery): Promise<StoredMedia> {
  if (parseServerName(query.serverName) === undefined || !isMediaId(query.mediaId)) {
    throw notFound("this is not the address of any content");
  }
  if (query.serverName !== deps.serverName) {
    throw notFound("content of other servers cannot be fetched: this server does not federate yet");
  }
  const deadline = deps.timers.elapsed() + query.timeoutMs;
  for (;;) {
    const record = mediaRecord(deps.reader, query.mediaId);
    if (record === undefined && deps.isCaughtUp()) throw notFound("there is no such content");
    if (record !== undefined && isStored(record)) return record;
    const now = millisecondsOf(deps.now());
    if (record !== undefined && record.created + UNUSED_MEDIA_MS < now) {
      throw notFound("nothing was uploaded in time");
    }
    const leftMs = deadline - deps.timers.elapsed();
    if (leftMs <= 0 || query.signal.aborted) {
      if (record !== undefined) throw notYetUploaded();
      throw unavailable("this box is catching up and may not know the content yet");
    }
    await pause(deps.timers, Math.min(leftMs, DOWNLOAD_POLL_MS), query.signal);
  }
}

/** The bytes of the content; 504 M_NOT_YET_UPLOADED while no box that has them can be reached. */
export async function readMedia(
  deps: Pick<Services, "blobs">,
  media: StoredMedia,
): Promise<AsyncIterable<Uint8Array>> {
  const bytes = await deps.blobs.read(media.hash);
  if (bytes === undefined) throw notYetUploaded();
  return bytes;
}

function pause(timers: Timers, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      timer.cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = timers.after(ms, end);
    signal.addEventListener("abort", end, { once: true });
  });
}
