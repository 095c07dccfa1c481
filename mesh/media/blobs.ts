import { join } from "node:path";
import type { Logger, Timers } from "../../core/ports.ts";
import type { Ledger } from "../journal/ledger.ts";
import type { StateStore } from "../store/overlay.ts";
import type { Transport } from "../transport/transport.ts";
import { BlobFiles } from "./blob-files.ts";
import type { BlobFolder } from "./blob-folder.ts";
import { BlobCopier } from "./blob-copier.ts";
import { BlobStore } from "./blob-store.ts";
import { fetchFromPeers, serveBlobs } from "./peer-blobs.ts";

/** Largest blob taken from another box, bytes: the largest upload limit that an owner may set. */
const BLOB_BYTES_MAX = 2 ** 32;

export interface ShareBlobsOptions {
  readonly transport: Transport;
  readonly logger: Logger;
}

/** Opens `HOME/media`, asks other boxes for what is not there, and answers them. */
export async function openBlobs(home: string, options: ShareBlobsOptions): Promise<BlobStore> {
  return shareBlobs(await BlobFiles.open(join(home, "media")), options);
}

/** Asks other boxes for what a folder lacks, and answers them from it. */
export function shareBlobs(
  folder: BlobFolder,
  { transport, logger }: ShareBlobsOptions,
): BlobStore {
  const fetchFrom = fetchFromPeers(transport);
  const blobs = new BlobStore(folder, { sizeBytesMax: BLOB_BYTES_MAX, fetchFrom, logger });
  serveBlobs(transport, blobs);
  return blobs;
}

export interface CopyBlobsOptions {
  readonly blobs: BlobStore;
  readonly ledger: Pick<Ledger, "onFlushed">;
  readonly reader: StateStore;
  readonly transport: Transport;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** Keeps copying what other boxes were given. Stop it before the store is closed. */
export function copyBlobs(options: CopyBlobsOptions): BlobCopier {
  const { ledger, transport, ...deps } = options;
  const copier = new BlobCopier(deps);
  ledger.onFlushed((entries) => {
    for (const { own, transaction } of entries) {
      if (!own) for (const record of transaction.records) copier.take(record);
    }
  });
  deps.blobs.onLost((hash) => copier.want(hash));
  transport.onLink(({ kind }) => {
    if (kind === "up") copier.lookAtAll();
  });
  return copier;
}
