import { Readable } from "node:stream";
import { DOWNLOAD_WAIT_DEFAULT_MS, DOWNLOAD_WAIT_MAX_MS } from "../../core/media/constants.ts";
import { findMedia, readMedia } from "../../core/media/read-media.ts";
import { thumbnailSize } from "../../core/media/thumbnail.ts";
import type { Services } from "../../core/services.ts";
import type { Reply } from "../endpoint.ts";
import { booleanOf, integerOf } from "../pipeline/parameters.ts";
import { contentHeaders } from "./content-headers.ts";
import { Thumbnailer } from "./thumbnailer.ts";

interface MediaRequest {
  readonly params: { readonly serverName: string; readonly mediaId: string };
  readonly query: URLSearchParams;
  readonly signal: AbortSignal;
}

function findRequested(request: MediaRequest, services: Services): ReturnType<typeof findMedia> {
  const timeoutMs = integerOf(request.query, "timeout_ms", {
    default: DOWNLOAD_WAIT_DEFAULT_MS,
    min: 0,
    max: DOWNLOAD_WAIT_MAX_MS,
  });
  return findMedia(services, { ...request.params, timeoutMs, signal: request.signal });
}

/** Answers a download, under the given file name or the one of the upload. */
export async function serveContent(
  request: MediaRequest,
  services: Services,
  fileName?: string,
): Promise<Reply> {
  const media = await findRequested(request, services);
  return { bytes: await readMedia(services, media), headers: contentHeaders(media, fileName) };
}

/** One for the whole process: what it bounds is the machine's memory and time. */
const thumbnailer = new Thumbnailer();

/** Answers a thumbnail, or the image itself where that is small enough or may move. */
export async function serveThumbnail(request: MediaRequest, services: Services): Promise<Reply> {
  const { query } = request;
  const media = await findRequested(request, services);
  const size = thumbnailSize(media, {
    width: Number(query.get("width")),
    height: Number(query.get("height")),
    method: query.get("method") === "crop" ? "crop" : "scale",
    animated: booleanOf(query, "animated", false),
  });
  const read = (): ReturnType<typeof readMedia> => readMedia(services, media);
  const made = size === undefined ? "original" : await thumbnailer.make(media.hash, size, read);
  if (made === "original") {
    return { bytes: await read(), headers: contentHeaders(media, undefined) };
  }
  const { bytes, contentType } = made;
  const served = { ...media, contentType, sizeBytes: bytes.length };
  const fileName = contentType === "image/png" ? "thumbnail.png" : "thumbnail.jpg";
  return { bytes: Readable.from([bytes]), headers: contentHeaders(served, fileName) };
}
