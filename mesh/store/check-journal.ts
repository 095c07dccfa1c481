import type { BoxId } from "../../core/ids.ts";
import { isObject, parseJson } from "../../core/json.ts";
import { boxOf, covers, incarnationOf, parseOrigin } from "../../core/vector.ts";
import type { Origin, Vector } from "../../core/vector.ts";
import { hashOfEntry } from "../journal/entry.ts";
import { loadPlaces, loadPositions, readVector } from "../journal/positions.ts";
import type { Place, Position } from "../journal/positions.ts";
import { successor } from "./keys.ts";
import type { Mark } from "./mark.ts";
import {
  CLOCK_KEY,
  FLOOR_PREFIX,
  JOURNAL_LENGTH_KEY,
  JOURNAL_ROWS,
  STORE_ID_KEY,
  journalKey,
  journalRange,
  originOfJournalKey,
  seqOfJournalKey,
} from "./mesh-keys.ts";
import type { Store } from "./store.ts";

/**
 * The newest entries of each box that are read: what LevelDB loses without a word was in its log or in a
 * table of its lowest level, 48 MiB at most, and a start must not take longer the older a store is. 20 µs each.
 */
const CHECK_ENTRIES_MAX = 12_000;
/** Rows read at once: 100 kB of typical entries, a bearable 200 MB of the largest. */
const CHECK_ROWS = 100;

/** Why a store is not to be trusted; never leaves this file. */
class Damage extends Error {}

/** What an origin has in the journal: all after the floor up to the place. */
interface Journal {
  readonly floor: Place;
  readonly place: Place;
}

/** Where an origin begins that was never cut. */
const START: Place = { seq: 0, hash: "" };

/**
 * Is everything there that the store says, and the mark knows, to have been? Every journal must begin at
 * its floor and end at its position, its newest part without gaps, an unbroken hash chain. Returns what is
 * wrong, for people, or nothing.
 */
export async function checkJournal(
  store: Store,
  mark?: Mark,
  entriesMax = CHECK_ENTRIES_MAX,
): Promise<string | undefined> {
  try {
    expect(store.get(STORE_ID_KEY) !== undefined, "the store has lost its name");
    expect(isCount(store.get(CLOCK_KEY) ?? "0"), "the store has lost its time");
    const length = store.get(JOURNAL_LENGTH_KEY) ?? "0";
    expect(isCount(length), "the store has lost the length of its journal");
    const floors = await loadPlaces(store, FLOOR_PREFIX);
    const positions = await loadPositions(store);
    if (mark) checkMark(store, mark, floors);
    checkVector(readVector(store), positions);
    checkFloors(floors, positions);
    const journals = new Map<Origin, Journal>();
    for await (const [origin, first] of originsOf(store)) {
      const place = positions.get(origin)?.onDisk;
      expect(place, `entries of ${origin} have no place`);
      const floor = floors.get(origin) ?? START;
      expect(first === floor.seq + 1, `entry ${floor.seq + 1} of ${origin} is missing`);
      journals.set(origin, { floor, place });
      positions.delete(origin);
    }
    await checkNewest(store, journals, entriesMax);
    for (const [origin, { onDisk }] of positions) {
      const floor = floors.get(origin);
      const isEmpty = floor?.seq === onDisk.seq && floor.hash === onDisk.hash;
      expect(isEmpty, `all entries of ${origin} are missing`);
    }
    return undefined;
  } catch (error) {
    if (error instanceof Damage) return error.message;
    const cause = error instanceof Error && error.cause;
    return `the store cannot be read: ${String(cause instanceof Error ? cause : error)}`;
  }
}

function expect(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Damage(message);
}

function isCount(text: string): boolean {
  return /^\d+$/.test(text) && Number.isSafeInteger(Number(text));
}

function checkMark(store: Store, mark: Mark, floors: ReadonlyMap<Origin, Place>): void {
  expect(store.get(STORE_ID_KEY) === mark.store, "this is not the store of the mark");
  for (const [origin, seq] of Object.entries(mark.vector) as [Origin, number][]) {
    const floor = floors.get(origin) ?? START;
    if (seq < floor.seq || seq === 0) continue;
    const text = store.get(journalKey(origin, seq));
    const isHere = text !== undefined || seq === floor.seq;
    expect(isHere, `entry ${seq} of ${origin}, once known, is missing`);
    const known = mark.hashes[origin];
    const hash = text === undefined ? floor.hash : hashOfEntry(text);
    expect(
      known === undefined || hash === known,
      `entry ${seq} of ${origin} is another one than it was`,
    );
  }
}

function checkFloors(
  floors: ReadonlyMap<Origin, Place>,
  positions: ReadonlyMap<Origin, Position>,
): void {
  for (const [origin, { seq }] of floors) {
    const last = positions.get(origin)?.onDisk.seq ?? 0;
    expect(seq > 0 && seq <= last, `more of ${origin} was dropped than there was`);
  }
}

function checkVector(vector: Vector, positions: ReadonlyMap<Origin, Position>): void {
  for (const [origin, seq] of Object.entries(vector) as [Origin, number][]) {
    expect((positions.get(origin)?.onDisk.seq ?? 0) === seq, `the place of ${origin} is wrong`);
  }
  for (const [origin, { onDisk }] of positions) {
    expect(covers(vector, { origin, seq: onDisk.seq }), `${origin} is not in the vector`);
  }
}

/** The origins that have entries, each with its first one, found by one short read. */
async function* originsOf(store: Store): AsyncGenerator<[origin: Origin, first: number]> {
  let from = JOURNAL_ROWS.gte;
  for (;;) {
    const [row] = await store.range({ gte: from, lt: JOURNAL_ROWS.lt, limit: 1 });
    if (row === undefined) return;
    const origin = parseOrigin(originOfJournalKey(row[0]));
    expect(origin !== undefined, "a journal has a damaged name");
    yield [origin, seqOfJournalKey(row[0])];
    from = successor(`j/${origin}/`);
  }
}

/** Of each box its later lives first; of every life the end is read in any case. */
async function checkNewest(
  store: Store,
  journals: ReadonlyMap<Origin, Journal>,
  entriesMax: number,
): Promise<void> {
  const laterFirst = [...journals].toSorted(([a], [b]) => incarnationOf(b) - incarnationOf(a));
  const left = new Map<BoxId, number>();
  for (const [origin, journal] of laterFirst) {
    const box = boxOf(origin);
    const budget = left.get(box) ?? entriesMax;
    const entries = Math.min(journal.place.seq - journal.floor.seq, Math.max(1, budget));
    left.set(box, budget - entries);
    await checkOrigin(store, origin, journal, entries);
  }
}

async function checkOrigin(
  store: Store,
  origin: Origin,
  { floor, place }: Journal,
  entries: number,
): Promise<void> {
  const first = floor.seq + 1;
  const chainFrom = place.seq - entries + 1;
  let seq = chainFrom - 1;
  let { hash } = floor;
  for (;;) {
    const rows = await store.range({ ...journalRange(origin, seq + 1), limit: CHECK_ROWS });
    for (const [key, text] of rows) {
      seq++;
      expect(seqOfJournalKey(key) === seq, `entry ${seq} of ${origin} is missing`);
      const follows = seq === chainFrom && seq > first ? undefined : hash;
      checkEntry(origin, seq, text, follows);
      hash = hashOfEntry(text);
    }
    if (rows.length < CHECK_ROWS) break;
  }
  expect(seq === place.seq, `${origin} should end with entry ${place.seq}, not ${seq}`);
  expect(hash === place.hash, `the last entry of ${origin} is damaged`);
}

/**
 * `follows` is the hash of the entry before, where that was read. The records are not looked at: the hash of
 * the next entry, or of the place, vouches for a text, and it was checked before it was written.
 */
function checkEntry(origin: Origin, seq: number, text: string, follows: string | undefined): void {
  const entry = parseJson(text);
  expect(isObject(entry), `entry ${seq} of ${origin} is damaged`);
  const inPlace = entry["origin"] === origin && entry["seq"] === seq;
  expect(inPlace, `entry ${seq} of ${origin} is another one's`);
  expect(
    follows === undefined || entry["prev"] === follows,
    `the entry before ${seq} of ${origin} is damaged`,
  );
}
