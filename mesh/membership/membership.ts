import { isObject } from "../../core/json.ts";
import type { Json } from "../../core/json.ts";
import type { BoxId } from "../../core/ids.ts";
import { parseBoxId } from "../../core/ids.ts";
import type { Command, Logger, Reader, Timers } from "../../core/ports.ts";
import { fields } from "../../core/tables.ts";
import type { DocId } from "../../core/transaction/records.ts";
import { millisecondsOf } from "../../core/transaction/records.ts";
import type { Ledger } from "../journal/ledger.ts";
import type { Flushed } from "../journal/outcomes.ts";
import type { Member } from "../transport/transport.ts";

/** Boxes of one mesh: everybody talks to everybody. */
export const BOXES_MAX = 7;
/** Boxes ever, removed ones included, that are read from the mesh document. */
const RECORDS_MAX = 1000;
/** A list that the disk did not give is read again after this long, milliseconds. */
export const LOAD_AGAIN_MS = 3000;

/** A box as the mesh document has it. */
export interface BoxRecord extends Member {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly added: number;
}

export function parseBoxRecord(box: string, value: Json | undefined): BoxRecord | undefined {
  const id = parseBoxId(box);
  if (id === undefined || !isObject(value)) return undefined;
  const { name, peerId, addresses, added } = value;
  if (typeof name !== "string" || typeof peerId !== "string" || !Array.isArray(addresses)) {
    return undefined;
  }
  return {
    box: id,
    name,
    peerId,
    addresses: addresses.filter((a) => typeof a === "string"),
    added: typeof added === "number" ? added : 0,
  };
}

/** Adds a box, or brings its name and addresses up to date. */
export const putBox: Command<BoxRecord, void> = (draft, { box, ...record }) => {
  const before = parseBoxRecord(box, draft.getField("mesh", "boxes", box));
  const added = before?.added ?? record.added;
  draft.setField("mesh", "boxes", box, { ...record, addresses: [...record.addresses], added });
};

/**
 * Removes a box for good. A field of its own, so that nothing the removed box says of itself at the
 * same time undoes it.
 */
export const removeBox: Command<BoxId, void> = (draft, box, env) => {
  if (draft.getField("mesh", "removed_boxes", box) !== undefined) return;
  draft.setField("mesh", "removed_boxes", box, { at: millisecondsOf(env.time) });
};

export interface MembershipDeps {
  readonly reader: Reader;
  readonly ledger: Pick<Ledger, "onFlushed">;
  readonly timers: Timers;
  readonly logger: Logger;
  /**
   * Members as known before, which the mesh document here may not name yet: that of a box that has just
   * joined, or whose store was lost, arrives only once it has met the others.
   */
  readonly remembered: readonly BoxRecord[];
}

/** Who belongs to the mesh, as the mesh document says, kept in memory and current. */
export class Membership {
  readonly #deps: MembershipDeps;
  readonly #listeners: ((members: readonly BoxRecord[]) => void)[] = [];
  #members: readonly BoxRecord[] = [];
  #removed: ReadonlySet<string> = new Set();
  #loading: Promise<void> | undefined;
  #loadAgain = false;
  #retry: { cancel(): void } | undefined;
  #stopped = false;

  constructor(deps: MembershipDeps) {
    this.#deps = deps;
    deps.ledger.onFlushed((entries) => {
      if (entries.some(changesMesh)) this.#keepLoading();
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#retry?.cancel();
  }

  /** Reads the list; called once at the start, then by itself. One reading at a time, the last one last. */
  load(): Promise<void> {
    this.#loadAgain = true;
    this.#loading ??= this.#loadAll();
    return this.#loading;
  }

  /** Until it is read, a box that was removed stays linked. */
  #keepLoading(): void {
    this.load().catch((error: unknown) => {
      if (this.#stopped || this.#retry) return;
      const { timers, logger } = this.#deps;
      logger.warn({ err: error }, "the list of boxes was not read; it is tried again");
      this.#retry = timers.after(LOAD_AGAIN_MS, () => {
        this.#retry = undefined;
        this.#keepLoading();
      });
    });
  }

  async #loadAll(): Promise<void> {
    try {
      while (this.#loadAgain) {
        this.#loadAgain = false;
        await this.#loadOnce();
      }
    } finally {
      // In the same turn as the last look, so that nobody asks between the two.
      this.#loading = undefined;
    }
  }

  async #loadOnce(): Promise<void> {
    using snapshot = this.#deps.reader.snapshot();
    const read = (section: string): Promise<[readonly [DocId, string, string], Json][]> =>
      snapshot.range(fields, { prefix: ["mesh", section], limit: RECORDS_MAX });
    const removed = new Set((await read("removed_boxes")).map(([[, , box]]) => box));
    const known = new Map(this.#deps.remembered.map((member) => [member.box, member]));
    for (const [[, , box], value] of await read("boxes")) {
      const record = parseBoxRecord(box, value);
      if (record) known.set(record.box, record);
    }
    const members = [...known.values()].filter(({ box }) => !removed.has(box));
    this.#removed = removed;
    this.#members = members.toSorted((a, b) => (a.box < b.box ? -1 : 1));
    for (const listener of this.#listeners) listener(this.#members);
  }

  /** Boxes that belong to the mesh now, in the order of their IDs. */
  members(): readonly BoxRecord[] {
    return this.#members;
  }

  /** Was it a member once, and is none any more? */
  isRemoved(box: BoxId): boolean {
    return this.#removed.has(box);
  }

  /** Told whom to connect with, at each reading. */
  onChange(listener: (members: readonly BoxRecord[]) => void): void {
    this.#listeners.push(listener);
  }
}

function changesMesh({ transaction }: Flushed): boolean {
  return transaction.records.some((record) => record.kind === "change" && record.doc === "mesh");
}
