import type { Transport } from "../transport/transport.ts";
import { TransportError } from "../transport/transport.ts";
import { isBlobHash } from "./blob-files.ts";
import type { BlobStore, FetchBlob } from "./blob-store.ts";

const METHOD = "blob";
/** Silence of the other box after which another one is asked, milliseconds. */
const SILENCE_MS = 10_000;
/** Times each reachable box is asked: the second goes on where a cut stopped the first. */
const ROUNDS_MAX = 2;

/** Asks the boxes that are reachable, one after the other. */
export function fetchFromPeers(transport: Transport): FetchBlob {
  return (hash, offset, attempt) => {
    const links = transport.links();
    const link = links[attempt % links.length];
    if (link === undefined || attempt >= links.length * ROUNDS_MAX) return undefined;
    const wish = Buffer.from(`${hash} ${offset}`);
    return transport.fetchStream(link.box, METHOD, wish, { timeoutMs: SILENCE_MS });
  };
}

/** Answers what `fetchFromPeers` of other boxes asks. */
export function serveBlobs(transport: Transport, blobs: BlobStore): void {
  transport.onFetchStream(METHOD, async function* (_from, body) {
    const [hash = "", offset = ""] = Buffer.from(body).toString().split(" ");
    if (!isBlobHash(hash) || !/^\d{1,15}$/.test(offset)) {
      throw new TransportError("refused", "not a wish for a blob");
    }
    const bytes = await blobs.readLocal(hash, Number(offset));
    if (bytes === undefined) throw new TransportError("refused", "the blob is not here");
    yield* bytes;
  });
}
