import type { StoredMedia } from "../../core/media/media-record.ts";

/** Types that a browser may show in place: they run no scripts. */
const INLINE_TYPES = new Set([
  "text/css",
  "text/plain",
  "text/csv",
  "application/json",
  "application/ld+json",
  "image/jpeg",
  "image/gif",
  "image/png",
  "image/apng",
  "image/webp",
  "image/avif",
  "video/mp4",
  "video/webm",
  "video/ogg",
  "video/quicktime",
  "audio/mp4",
  "audio/webm",
  "audio/aac",
  "audio/mpeg",
  "audio/ogg",
  "audio/wave",
  "audio/wav",
  "audio/x-wav",
  "audio/x-pn-wav",
  "audio/flac",
  "audio/x-flac",
]);

const CONTENT_SECURITY_POLICY =
  "sandbox; default-src 'none'; script-src 'none'; plugin-types application/pdf; " +
  "style-src 'unsafe-inline'; object-src 'self';";

/** The content of a media ID never changes, so clients may keep it for a year. */
const CACHE_SECONDS = 31_536_000;

/**
 * Headers of served content, made to be harmless in a browser whatever was uploaded.
 * https://spec.matrix.org/v1.19/client-server-api/#serving-inline-content
 */
export function contentHeaders(
  media: StoredMedia,
  fileName: string | undefined,
): Record<string, string> {
  const contentType = media.contentType ?? "application/octet-stream";
  const bare = contentType.split(";")[0]?.trim().toLowerCase() ?? "";
  const disposition = INLINE_TYPES.has(bare) ? "inline" : "attachment";
  return {
    "content-type": contentType,
    "content-length": String(media.sizeBytes),
    "content-disposition": contentDisposition(disposition, fileName ?? media.fileName),
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "cross-origin-resource-policy": "cross-origin",
    "x-content-type-options": "nosniff",
    "cache-control": `private, max-age=${CACHE_SECONDS}, immutable`,
  };
}

/** RFC 6266: a plain name for all, and the exact one (RFC 5987) where it has other letters. */
export function contentDisposition(
  disposition: "inline" | "attachment",
  fileName: string | undefined,
): string {
  if (fileName === undefined) return disposition;
  const plain = fileName.replaceAll(/[^\x20-\x7E]|["\\%]/g, "_");
  if (plain === fileName) return `${disposition}; filename="${plain}"`;
  const exact = encodeURIComponent(fileName.toWellFormed()).replaceAll(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${disposition}; filename="${plain}"; filename*=UTF-8''${exact}`;
}
