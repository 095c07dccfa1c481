import { signingKey } from "../../../core/event/sign.ts";
import type { BoxId, ServerName } from "../../../core/ids.ts";
import type { Command } from "../../../core/ports.ts";
import { originOf } from "../../../core/vector.ts";
import type { Origin } from "../../../core/vector.ts";
import { HybridClock } from "../../../mesh/clock/hybrid-clock.ts";
import { actorOf } from "../../../mesh/documents/automerge-doc.ts";
import { DocumentStore } from "../../../mesh/documents/documents.ts";
import { Ledger } from "../../../mesh/journal/ledger.ts";
import { readClock } from "../../../mesh/journal/positions.ts";
import { MemoryDisk, MemoryStore } from "../../../mesh/store/memory-store.ts";
import type { MemoryDiskFaults } from "../../../mesh/store/memory-store.ts";
import { StateStore } from "../../../mesh/store/overlay.ts";

const SERVER = "hearth.test" as ServerName;
const START_MS = Date.UTC(2026, 0, 1);
const quiet = (): void => undefined;

export const boxOfName = (name: string): BoxId => name.repeat(8) as BoxId;

export interface OpenLedger {
  readonly ledger: Ledger;
  readonly state: StateStore;
  readonly store: MemoryStore;
  readonly disk: MemoryDisk;
  readonly documents: DocumentStore;
}

/** A ledger of one life of a box, on a disk that may misbehave. */
export async function openLedger(
  options: {
    readonly name?: string;
    readonly box?: BoxId;
    readonly incarnation?: number;
    readonly disk?: MemoryDisk;
    readonly faults?: MemoryDiskFaults;
  } = {},
): Promise<OpenLedger> {
  const { name = "a", incarnation = 1, disk = new MemoryDisk(), faults = {} } = options;
  const { box = boxOfName(name) } = options;
  const life: Origin = originOf(box, incarnation);
  const store = new MemoryStore(disk, faults);
  const state = new StateStore(store);
  const documents = new DocumentStore(state, actorOf(life));
  const ledger = await Ledger.open({
    store,
    state,
    documents,
    clock: new HybridClock({ wall: () => START_MS, floor: readClock(store) }),
    box,
    life,
    serverName: SERVER,
    signingKey: signingKey(SERVER, "ed25519:test", new Uint8Array(32).fill(1)),
    random: { bytes: (length) => new Uint8Array(length) },
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  });
  return { ledger, state, store, disk, documents };
}

/** Sets a field of the mesh document. */
export const note: Command<string, string> = (draft, text) => {
  draft.setField("mesh", "notes", text, true);
  return text;
};

export async function write({ ledger }: OpenLedger, text: string): Promise<void> {
  await ledger.commit(note, text).written;
}

/** All that one ledger has on disk of an origin. */
export function entriesOf({ ledger }: OpenLedger, origin: Origin, from = 1): Promise<string[]> {
  return ledger.read(origin, from, 1000);
}
