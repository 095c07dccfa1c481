import type { Documents } from "../../../core/ports.ts";
import type { DocId, Heads } from "../../../core/transaction/records.ts";
import type { Origin } from "../../../core/vector.ts";
import { actorOf } from "../../../mesh/documents/automerge-doc.ts";
import { DOCUMENT_LIMITS, DocumentStore } from "../../../mesh/documents/documents.ts";
import type { DocumentLimits } from "../../../mesh/documents/documents.ts";
import { MemoryDisk, MemoryStore } from "../../../mesh/store/memory-store.ts";
import type { MemoryDiskFaults } from "../../../mesh/store/memory-store.ts";
import { StateStore } from "../../../mesh/store/overlay.ts";

/** A generation of a room. */
export const room = "room:!a/c/00000000:hs" as DocId;

/** A box: its state and documents on a disk. */
export class Box {
  readonly disk: MemoryDisk;
  readonly state: StateStore;
  readonly documents: DocumentStore;

  constructor(
    origin: string,
    options: {
      readonly disk?: MemoryDisk;
      readonly limits?: Partial<DocumentLimits>;
      readonly faults?: MemoryDiskFaults;
    } = {},
  ) {
    this.disk = options.disk ?? new MemoryDisk();
    this.state = new StateStore(new MemoryStore(this.disk, options.faults));
    this.documents = new DocumentStore(this.state, actorOf(origin as Origin), {
      ...DOCUMENT_LIMITS,
      ...options.limits,
    });
  }

  /** Runs one transaction; resolves when it is on disk. */
  async run<T>(edit: (docs: Documents) => T): Promise<T> {
    const stage = this.state.begin();
    let result;
    try {
      result = edit(this.documents.on(stage));
    } catch (error) {
      stage.abandon();
      throw error;
    }
    await this.state.commit(stage);
    return result;
  }

  async set(key: string, value: string | undefined, base?: Heads) {
    return await this.run((docs) => docs.change(room, [[key, value]], base));
  }
}

export function contentOf(docs: Pick<Documents, "entries">, at?: Heads): Record<string, string> {
  return Object.fromEntries(docs.entries(room, at));
}
