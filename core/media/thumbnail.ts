import { MatrixError } from "../errors.ts";
import { THUMBNAIL_SOURCE_BYTES_MAX } from "./constants.ts";
import type { StoredMedia } from "./media-record.ts";

export interface ThumbnailSize {
  readonly width: number;
  readonly height: number;
  readonly method: "crop" | "scale";
}

export interface ThumbnailWish extends ThumbnailSize {
  /** May the thumbnail move? */
  readonly animated: boolean;
}

/** What is made: the sizes that the specification names, and crops for today's screens. */
const SIZES: readonly ThumbnailSize[] = [
  { width: 32, height: 32, method: "crop" },
  { width: 96, height: 96, method: "crop" },
  { width: 256, height: 256, method: "crop" },
  { width: 640, height: 640, method: "crop" },
  { width: 320, height: 240, method: "scale" },
  { width: 640, height: 480, method: "scale" },
  { width: 800, height: 600, method: "scale" },
  { width: 1600, height: 1200, method: "scale" },
];

/** Images that may be decoded and sent; other kinds have no thumbnail. */
const IMAGE_TYPES = new Set(["image/jpeg", "image/png", "image/apng", "image/gif", "image/webp"]);
/** Images that may move. */
const MOVING_TYPES = new Set(["image/apng", "image/gif", "image/webp"]);

/**
 * Which size to make of an image: at least as large as asked for, since clients scale down and never
 * up. `undefined` when the image itself is the answer. Throws 400 for what is no image and 413 for a huge one.
 * https://spec.matrix.org/v1.19/client-server-api/#thumbnails
 */
export function thumbnailSize(media: StoredMedia, wish: ThumbnailWish): ThumbnailSize | undefined {
  if (wish.width < 1 || wish.height < 1) {
    throw new MatrixError(400, "M_UNKNOWN", "a thumbnail has at least one pixel each way");
  }
  const type = media.contentType?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (!IMAGE_TYPES.has(type)) {
    throw new MatrixError(400, "M_UNKNOWN", "there are no thumbnails of this kind of content");
  }
  if (wish.animated && MOVING_TYPES.has(type)) return undefined;
  if (media.sizeBytes > THUMBNAIL_SOURCE_BYTES_MAX) {
    throw new MatrixError(413, "M_TOO_LARGE", "the image is too large for a thumbnail");
  }
  const { width, height, method } = wish;
  const fits = SIZES.find((s) => s.method === method && s.width >= width && s.height >= height);
  return fits ?? { width: LARGEST_PIXELS, height: LARGEST_PIXELS, method: "scale" };
}

/** Side of the largest thumbnail: a wish beyond it gets the whole image within this square. */
const LARGEST_PIXELS = 4096;
