import type { Random } from "../../core/ports.ts";
import type { BlobStore } from "../media/blob-store.ts";

/**
 * Holds every media file against its hash. One that is damaged goes, and `lost` is told, who gets it from
 * another box. Begins anywhere, since a box that often starts anew would always read the same ones.
 */
export async function* checkMedia(
  blobs: Pick<BlobStore, "list" | "check">,
  random: Random,
  told: { readonly lost: (hash: string) => void; readonly unread: (error: unknown) => void },
): AsyncGenerator<number, void> {
  const begin = Buffer.from(random.bytes(1)).toString("hex");
  for (const isSecondHalf of [false, true]) {
    for await (const hash of blobs.list()) {
      if (hash < begin !== isSecondHalf) continue;
      try {
        if (!(yield* blobs.check(hash))) told.lost(hash);
      } catch (error) {
        told.unread(error);
      }
    }
  }
}
