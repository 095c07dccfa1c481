import type { DocId } from "../../core/transaction/records.ts";
import { documentChangeKey, documentSnapshotKey } from "../store/mesh-keys.ts";
import { DocumentError } from "./document-error.ts";

const SNAPSHOT = /^(\d+) ([A-Za-z0-9+/=]+)$/;

/** A document as it lies in the store: a snapshot and the changes after it. */
export interface StoredDocument {
  /** Number of the first change that is not in the snapshot. */
  readonly first: number;
  readonly snapshot: Uint8Array | undefined;
  readonly changes: readonly Uint8Array[];
}

/** `text` reads a key of the store. Throws DocumentError on a snapshot that is none. */
export function readStoredDocument(
  text: (key: string) => string | undefined,
  id: DocId,
): StoredDocument {
  const stored = text(documentSnapshotKey(id));
  const parts = stored === undefined ? undefined : SNAPSHOT.exec(stored);
  if (stored !== undefined && !parts) {
    throw new DocumentError("garbage", "a stored document cannot be read");
  }
  const first = Number(parts?.[1] ?? 0);
  const snapshot = parts?.[2] === undefined ? undefined : Buffer.from(parts[2], "base64");
  const changes: Uint8Array[] = [];
  for (;;) {
    const change = text(documentChangeKey(id, first + changes.length));
    if (change === undefined) break;
    changes.push(Buffer.from(change, "base64"));
  }
  return { first, snapshot, changes };
}
