import { covers, parseOrigin } from "../../core/vector.ts";
import type { Origin, Vector } from "../../core/vector.ts";
import { hashOfEntry, parseEntry } from "../journal/entry.ts";
import { loadPlaces, loadPositions, readVector } from "../journal/positions.ts";
import type { Place, Position } from "../journal/positions.ts";
import { successor } from "./keys.ts";
import type { Mark } from "./mark.ts";
import {
  FLOOR_PREFIX,
  JOURNAL_ROWS,
  STORE_ID_KEY,
  journalKey,
  journalRange,
  originOfJournalKey,
  seqOfJournalKey,
} from "./mesh-keys.ts";
import type { Store } from "./store.ts";

/** The newest entries of each origin whose hash chain is verified: 20 µs each, so under a second a start. */
const CHECK_TAIL_ENTRIES = 20_000;
/** Rows read at once: 100 kB of typical entries, a bearable 200 MB of the largest. */
const CHECK_ROWS = 100;

/** Why a store is not to be trusted; never leaves this file. */
class Damage extends Error {}

/** Where an origin begins that was never cut. */
const START: Place = { seq: 0, hash: "" };

/**
 * Is everything there that the store says, and the mark knows, to have been? Every journal must be
 * without gaps from its floor up to its position, its newest part an unbroken hash chain. Returns what
 * is wrong, for people, or nothing.
 */
export async function checkJournal(store: Store, mark?: Mark): Promise<string | undefined> {
  try {
    expect(store.get(STORE_ID_KEY) !== undefined, "the store has lost its name");
    const floors = await loadPlaces(store, FLOOR_PREFIX);
    const positions = await loadPositions(store);
    if (mark) checkMark(store, mark, floors);
    checkVector(readVector(store), positions);
    checkFloors(floors, positions);
    for await (const origin of originsOf(store)) {
      const place = positions.get(origin)?.onDisk;
      expect(place, `entries of ${origin} have no place`);
      await checkOrigin(store, origin, floors.get(origin) ?? START, place);
      positions.delete(origin);
    }
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

/** The origins that have entries, each found by one short read. */
async function* originsOf(store: Store): AsyncGenerator<Origin> {
  let from = JOURNAL_ROWS.gte;
  for (;;) {
    const [row] = await store.range({ gte: from, lt: JOURNAL_ROWS.lt, limit: 1 });
    if (row === undefined) return;
    const origin = parseOrigin(originOfJournalKey(row[0]));
    expect(origin !== undefined, "a journal has a damaged name");
    yield origin;
    from = successor(`j/${origin}/`);
  }
}

async function checkOrigin(
  store: Store,
  origin: Origin,
  floor: Place,
  place: Place,
): Promise<void> {
  const first = floor.seq + 1;
  const chainFrom = Math.max(first, place.seq - CHECK_TAIL_ENTRIES + 1);
  let { seq, hash } = floor;
  for (;;) {
    const rows = await store.range({ ...journalRange(origin, seq + 1), limit: CHECK_ROWS });
    for (const [key, text] of rows) {
      seq++;
      expect(seqOfJournalKey(key) === seq, `entry ${seq} of ${origin} is missing`);
      if (seq < chainFrom) continue;
      const follows = seq === chainFrom && seq > first ? undefined : hash;
      checkEntry(origin, seq, text, follows);
      hash = hashOfEntry(text);
    }
    if (rows.length < CHECK_ROWS) break;
  }
  expect(seq === place.seq, `${origin} should end with entry ${place.seq}, not ${seq}`);
  expect(hash === place.hash, `the last entry of ${origin} is damaged`);
}

/** `follows` is the hash of the entry before, where that was read. */
function checkEntry(origin: Origin, seq: number, text: string, follows: string | undefined): void {
  let transaction;
  try {
    ({ transaction } = parseEntry(text));
  } catch {
    throw new Damage(`entry ${seq} of ${origin} is damaged`);
  }
  const inPlace = transaction.origin === origin && transaction.seq === seq;
  expect(inPlace, `entry ${seq} of ${origin} is another one's`);
  expect(
    follows === undefined || transaction.prev === follows,
    `the entry before ${seq} of ${origin} is damaged`,
  );
}
