import { covers } from "../../core/vector.ts";
import type { Origin, Vector } from "../../core/vector.ts";
import {
  FLOOR_PREFIX,
  JOURNAL_LENGTH_KEY,
  JOURNAL_ROWS,
  floorKey,
  journalKey,
  journalRange,
} from "../store/mesh-keys.ts";
import type { Stage } from "../store/stage.ts";
import type { Store } from "../store/store.ts";
import { loadPlaces } from "./positions.ts";
import type { Place } from "./positions.ts";

/** Rows read at once where a store of an earlier version is measured: 100 kB of typical entries. */
const MEASURE_ROWS = 100;

/** The oldest entries of an origin that go, up to and including `through`. */
export interface Cut {
  readonly origin: Origin;
  readonly from: number;
  readonly through: Place;
  /** Their text, UTF-16 units. */
  readonly length: number;
}

/** Where the journal begins here, origin by origin, and how long it is. */
export class JournalExtent {
  readonly #store: Store;
  #floors: ReadonlyMap<Origin, Place>;
  #length: number;
  /** Cuts that are on their way to the disk. */
  #cutting: readonly Cut[] = [];

  private constructor(store: Store, floors: ReadonlyMap<Origin, Place>, length: number) {
    this.#store = store;
    this.#floors = floors;
    this.#length = length;
  }

  static async load(store: Store): Promise<JournalExtent> {
    const stored = store.get(JOURNAL_LENGTH_KEY);
    const length = stored === undefined ? await measure(store) : Number(stored);
    return new JournalExtent(store, await loadPlaces(store, FLOOR_PREFIX), length);
  }

  /** The last entry of each origin that is gone; where there is none, all are here. A new map after each cut. */
  get floors(): ReadonlyMap<Origin, Place> {
    return this.#floors;
  }

  /** Text of all entries together, UTF-16 units. */
  get length(): number {
    return this.#length;
  }

  floorOf(origin: Origin): number {
    return this.#floors.get(origin)?.seq ?? 0;
  }

  /** Entries in the journal, given the last sequence of each origin. */
  count(positions: ReadonlyMap<Origin, number>): number {
    let entries = 0;
    for (const [origin, seq] of positions) entries += seq - this.floorOf(origin);
    return entries;
  }

  /** Can a box that has this much be brought up by entries, none of which is gone? */
  reaches(vector: Vector): boolean {
    for (const [origin, { seq }] of this.#floors) {
      if (!covers(vector, { origin, seq })) return false;
    }
    return true;
  }

  /** Texts of entries in the store, from `seq` on. */
  async read(origin: Origin, seq: number, limit: number): Promise<string[]> {
    if (limit <= 0) return [];
    const rows = await this.#store.range({ ...journalRange(origin, seq), limit });
    return rows.map(([, text]) => text);
  }

  /** Counts an entry that the stage adds. */
  grow(stage: Stage, length: number): void {
    this.#length += length;
    stage.raw(JOURNAL_LENGTH_KEY, String(this.#length));
  }

  /** Stages the removal of entries; `settle` must follow when the stage is on disk. */
  cut(stage: Stage, cuts: readonly Cut[]): void {
    for (const { origin, from, through, length } of cuts) {
      for (let seq = from; seq <= through.seq; seq++) stage.raw(journalKey(origin, seq), undefined);
      stage.raw(floorKey(origin), JSON.stringify(through));
      this.#length -= length;
    }
    stage.raw(JOURNAL_LENGTH_KEY, String(this.#length));
    this.#cutting = cuts;
  }

  settle(): void {
    const floors = new Map(this.#floors);
    for (const { origin, through } of this.#cutting) floors.set(origin, through);
    this.#floors = floors;
    this.#cutting = [];
  }

  /** A write failed, and may be on disk all the same: takes over what is there. */
  reload(): void {
    const floors = new Map(this.#floors);
    for (const { origin } of this.#cutting) {
      const stored = this.#store.get(floorKey(origin));
      if (stored !== undefined) floors.set(origin, JSON.parse(stored) as Place);
    }
    this.#floors = floors;
    this.#length = Number(this.#store.get(JOURNAL_LENGTH_KEY) ?? 0);
    this.#cutting = [];
  }
}

async function measure(store: Store): Promise<number> {
  let length = 0;
  let rows = await store.range({ ...JOURNAL_ROWS, limit: MEASURE_ROWS });
  for (;;) {
    for (const [, text] of rows) length += text.length;
    const last = rows.at(-1);
    if (last === undefined || rows.length < MEASURE_ROWS) return length;
    rows = await store.range({ gt: last[0], lt: JOURNAL_ROWS.lt, limit: MEASURE_ROWS });
  }
}
