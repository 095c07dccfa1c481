import type { SharpConstructor } from "sharp";
import { MatrixError } from "../../core/errors.ts";
import type { ThumbnailSize } from "../../core/media/thumbnail.ts";
import { InTurn } from "./in-turn.ts";

/** Pixels of an image that is decoded, 4 bytes each: a camera of 50 megapixels. */
const PIXELS_MAX = 50_000_000;
/** Bytes of finished thumbnails that are kept; the one unused for longest goes first. */
const CACHE_BYTES_MAX = 16 * 1024 * 1024;
/** Images decoded at once: one of 12 megapixels takes 50 ms on a desktop, 300 ms on a Pi. */
const AT_ONCE_MAX = 1;
/** Images that may wait for their turn. */
const WAITING_MAX = 100;
const JPEG_QUALITY = 80;
/** The decoders that may see what people upload; libvips has dozens more. */
const LOADERS = [
  "VipsForeignLoadJpegBuffer",
  "VipsForeignLoadPngBuffer",
  "VipsForeignLoadWebpBuffer",
  "VipsForeignLoadNsgifBuffer",
];

export interface Thumbnail {
  readonly bytes: Uint8Array;
  readonly contentType: "image/jpeg" | "image/png";
}

type Outcome = Thumbnail | "original";

/** Makes thumbnails, each once as long as it is remembered. */
export class Thumbnailer {
  /** By content and size, in the order of last use. */
  readonly #finished = new Map<string, Outcome>();
  readonly #running = new Map<string, Promise<Outcome>>();
  readonly #turns = new InTurn(AT_ONCE_MAX, WAITING_MAX);
  #finishedBytes = 0;
  #library: Promise<SharpConstructor | undefined> | undefined;

  /**
   * The thumbnail of the image with this hash; `"original"` when the image is small enough itself.
   * Throws 400 M_UNKNOWN for bytes that are no image and 413 M_TOO_LARGE for too many pixels.
   */
  async make(
    hash: string,
    size: ThumbnailSize,
    read: () => Promise<AsyncIterable<Uint8Array>>,
  ): Promise<Outcome> {
    const key = `${hash} ${size.width}x${size.height} ${size.method}`;
    const known = this.#finished.get(key);
    if (known !== undefined) {
      this.#remember(key, known);
      return known;
    }
    return this.#running.get(key) ?? this.#start(key, size, read);
  }

  #start(
    key: string,
    size: ThumbnailSize,
    read: () => Promise<AsyncIterable<Uint8Array>>,
  ): Promise<Outcome> {
    this.#library ??= loadLibrary();
    const library = this.#library;
    const work = this.#turns
      .run(async () => shrink(await library, await collect(await read()), size))
      .then((outcome) => {
        this.#remember(key, outcome);
        return outcome;
      })
      .finally(() => this.#running.delete(key));
    this.#running.set(key, work);
    return work;
  }

  #remember(key: string, outcome: Outcome): void {
    if (this.#finished.delete(key)) this.#finishedBytes -= weightOf(outcome);
    this.#finished.set(key, outcome);
    this.#finishedBytes += weightOf(outcome);
    for (const [oldest, unused] of this.#finished) {
      if (this.#finishedBytes <= CACHE_BYTES_MAX) return;
      this.#finished.delete(oldest);
      this.#finishedBytes -= weightOf(unused);
    }
  }
}

/** What an entry costs, with its key; an image that needs no thumbnail costs little. */
function weightOf(outcome: Outcome): number {
  return 200 + (outcome === "original" ? 0 : outcome.bytes.length);
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * Loads the image library when the first thumbnail is wanted: it takes 25 MB of memory. Where there is
 * no build of it for the machine, images stand in for their own thumbnails.
 */
async function loadLibrary(): Promise<SharpConstructor | undefined> {
  const loaded = await import("sharp").catch(() => undefined);
  if (loaded === undefined) return undefined;
  const { default: sharp } = loaded;
  sharp.cache(false);
  sharp.concurrency(1);
  sharp.block({ operation: ["VipsForeignLoad"] });
  sharp.unblock({ operation: LOADERS });
  return sharp;
}

async function shrink(
  library: SharpConstructor | undefined,
  bytes: Buffer,
  size: ThumbnailSize,
): Promise<Outcome> {
  if (library === undefined) return "original";
  const image = library(bytes, { limitInputPixels: false, failOn: "error" });
  const { width, height, pages = 1, hasAlpha } = await image.metadata().catch(unreadable);
  if (width * height > PIXELS_MAX) {
    throw new MatrixError(413, "M_TOO_LARGE", "the image has too many pixels for a thumbnail");
  }
  if (pages === 1 && width <= size.width && height <= size.height) return "original";
  const fit = size.method === "crop" ? "cover" : "inside";
  const small = image
    .autoOrient()
    .resize(size.width, size.height, { fit, withoutEnlargement: true });
  const encoded = hasAlpha ? small.png() : small.jpeg({ quality: JPEG_QUALITY });
  const contentType = hasAlpha ? "image/png" : "image/jpeg";
  return { bytes: await encoded.toBuffer().catch(unreadable), contentType };
}

function unreadable(cause: unknown): never {
  throw new MatrixError(400, "M_UNKNOWN", "the content is no image that can be read", {}, cause);
}
