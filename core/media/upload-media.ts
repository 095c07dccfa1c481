import {
  MatrixError,
  forbidden,
  invalidParam,
  notFound,
  tooLarge,
  unavailable,
} from "../errors.ts";
import type { UserId } from "../ids.ts";
import type { Env, View } from "../ports.ts";
import type { Services } from "../services.ts";
import type { Draft } from "../transaction/draft.ts";
import { millisecondsOf } from "../transaction/records.ts";
import { CONTENT_TYPE_CHARACTERS_MAX, FILE_NAME_BYTES_MAX, UNUSED_MEDIA_MS } from "./constants.ts";
import { newMediaId } from "./create-media.ts";
import { isStored, mediaRecord, toJson } from "./media-record.ts";
import type { MediaRecord } from "./media-record.ts";

export interface Upload {
  readonly user: UserId;
  readonly body: AsyncIterable<Uint8Array>;
  readonly contentType: string | undefined;
  readonly fileName: string | undefined;
  /** The ID made earlier that gets the content; without it a new one is made. */
  readonly mediaId?: string;
}

type UploadDeps = Pick<Services, "runner" | "blobs" | "settings" | "reader" | "isCaughtUp" | "now">;

interface Description {
  readonly user: UserId;
  readonly contentType: string;
  readonly fileName: string | undefined;
  readonly mediaId: string | undefined;
}

/** Stores content and its description; resolves with the media ID once both are on disk. */
export async function uploadMedia(deps: UploadDeps, upload: Upload): Promise<string> {
  const description = {
    user: upload.user,
    contentType: cleanContentType(upload.contentType),
    fileName: checkFileName(upload.fileName),
    mediaId: upload.mediaId,
  };
  if (upload.mediaId !== undefined) {
    // Looked at before the content is read: 50 MiB for nothing take minutes at home.
    awaitingRecord(deps, upload.mediaId, upload.user, millisecondsOf(deps.now()), deps.isCaughtUp);
  }
  const { uploadBytesMax } = deps.settings;
  const bounded = boundedBody(upload.body, uploadBytesMax);
  const { hash, sizeBytes } = await deps.blobs.write(bounded, uploadBytesMax);
  return deps.runner.run(recordMedia, { ...description, hash, sizeBytes });
}

export function recordMedia(
  draft: Draft,
  input: Description & { readonly hash: string; readonly sizeBytes: number },
  env: Env,
): string {
  const now = millisecondsOf(env.time);
  const { mediaId = newMediaId(env), fileName, ...rest } = input;
  const created =
    input.mediaId === undefined
      ? now
      : awaitingRecord({ reader: draft }, mediaId, input.user, now, () => true).created;
  const named = fileName === undefined ? {} : { fileName };
  draft.putFact("media", [mediaId], toJson({ ...rest, ...named, created }));
  return mediaId;
}

/** The record of an ID that this user made and that still waits for content. */
function awaitingRecord(
  deps: { readonly reader: View },
  mediaId: string,
  user: UserId,
  now: number,
  isCaughtUp: () => boolean,
): MediaRecord {
  const record = mediaRecord(deps.reader, mediaId);
  if (record === undefined) {
    if (!isCaughtUp())
      throw unavailable("this box is catching up and may not know the media ID yet");
    throw notFound("this media ID was not made here");
  }
  if (record.user !== user) throw forbidden("this media ID belongs to somebody else");
  if (isStored(record)) {
    throw new MatrixError(409, "M_CANNOT_OVERWRITE_MEDIA", "this media ID has content already");
  }
  if (record.created + UNUSED_MEDIA_MS < now) throw notFound("this media ID has expired");
  return record;
}

async function* boundedBody(
  body: AsyncIterable<Uint8Array>,
  bytesMax: number,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw tooLarge(`uploads may have ${bytesMax} bytes at most`);
    yield chunk;
  }
}

/** Only what fits in a header is kept; anything else is served as plain bytes. */
function cleanContentType(text: string | undefined): string {
  const usable =
    text !== undefined &&
    text.length <= CONTENT_TYPE_CHARACTERS_MAX &&
    /^[\w.+-]+\/[\w.+-]+(?:\s*;[\x20-\x7E]*)?$/.test(text);
  return usable ? text : "application/octet-stream";
}

function checkFileName(text: string | undefined): string | undefined {
  if (text === undefined || text === "") return undefined;
  if (Buffer.byteLength(text) > FILE_NAME_BYTES_MAX) {
    throw invalidParam(`filename may have ${FILE_NAME_BYTES_MAX} bytes at most`);
  }
  return text;
}
