import { hashOfEntry, parseEntry } from "../../mesh/journal/entry.ts";
import { millisecondsOf } from "../../core/transaction/records.ts";
import type { Transaction } from "../../core/transaction/records.ts";
import { boxOf } from "../../core/vector.ts";
import type { Dot, Origin } from "../../core/vector.ts";
import type { Place } from "../../mesh/journal/positions.ts";
import { DRIFT_MS_MAX } from "../../mesh/clock/hybrid-clock.ts";
import { journalKey, originOfJournalKey, seqOfJournalKey } from "../../mesh/store/mesh-keys.ts";
import { EPOCH_MS } from "./wall-clock.ts";
import type { SimBox } from "./sim-box.ts";
import type { World } from "./world.ts";

/** What a box has on its disk, by origin and in order; what never was is a hole. */
export type Journal = ReadonlyMap<Origin, readonly Transaction[]>;

/** I1, I3, I5, I20: what the journals of all boxes say after healing. Gives that of the first one. */
export function checkJournals(world: World): Journal {
  for (const box of world.boxes) checkJournal(world, box);
  const [first] = world.boxes;
  if (!first) return new Map();
  for (const box of world.boxes.slice(1)) compare(world, first, box);
  const history = historyOf(world, first);
  checkCauses(world, history);
  checkStamps(world, history);
  checkAcknowledged(world, history);
  return history;
}

/** The transactions whose effects are on a disk, also those that were dropped from the journal. */
function historyOf(world: World, { disk }: SimBox): Journal {
  const journal = new Map<Origin, Transaction[]>();
  for (const [key, text] of world.history()) {
    if (!disk.holds(key)) continue;
    const { transaction } = parseEntry(text);
    const { origin, seq } = transaction;
    const known = journal.get(origin) ?? [];
    known[seq - 1] = transaction;
    journal.set(origin, known);
  }
  return journal;
}

/** From its floor on, a journal is without gaps, each entry continuing the chain. */
function checkJournal(world: World, box: SimBox): void {
  const last = new Map<Origin, Place>();
  for (const [key, text] of [...box.disk.journal()].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const { origin, seq, prev } = parseEntry(text).transaction;
    const before = last.get(origin) ?? box.disk.floorOf(origin);
    if (seq !== before.seq + 1) world.violate("journal", `${box.id}: a gap before ${key}`);
    if (prev !== before.hash) world.violate("journal", `${box.id}: a fork at ${key}`);
    last.set(origin, { seq, hash: hashOfEntry(text) });
  }
}

function compare(world: World, first: SimBox, box: SimBox): void {
  const [entries, others] = [first.disk.journal(), box.disk.journal()];
  const isDropped = ({ disk }: SimBox, key: string): boolean =>
    seqOfJournalKey(key) <= disk.floorOf(originOfJournalKey(key) as Origin).seq;
  for (const key of new Set([...entries.keys(), ...others.keys()])) {
    const [a, b] = [entries.get(key), others.get(key)];
    if (a === b) continue;
    if (a === undefined ? isDropped(first, key) : b === undefined && isDropped(box, key)) continue;
    const how = a === undefined || b === undefined ? "is missing" : "differs";
    world.violate("journal", `${key} of ${first.id} ${how} on ${box.id}`);
  }
}

/** Every transaction is stamped after what it was made upon. */
function checkCauses(world: World, journal: Journal): void {
  const at = ({ origin, seq }: Dot): Transaction | undefined => journal.get(origin)?.[seq - 1];
  for (const transaction of [...journal.values()].flatMap((all) => all.filter(Boolean))) {
    const { origin, seq, time, deps } = transaction;
    const causes: Dot[] = Object.entries<number>(deps).map(([cause, last]) => {
      return { origin: cause as Origin, seq: last };
    });
    if (seq > 1) causes.push({ origin, seq: seq - 1 });
    for (const cause of causes) {
      const before = at(cause);
      if (before && before.time >= time) {
        world.violate(
          "causes",
          `${origin} ${seq} is not stamped after ${cause.origin} ${cause.seq}`,
        );
      } else if (!before && cause.seq > 0 && !isLost(world, cause)) {
        world.violate(
          "causes",
          `${cause.origin} ${cause.seq}, on which ${origin} ${seq} rests, is missing`,
        );
      }
    }
  }
}

/** No transaction is stamped later than any clock that is believed could say. */
function checkStamps(world: World, journal: Journal): void {
  for (const { origin, seq, time } of [...journal.values()].flatMap((all) => all.filter(Boolean))) {
    const writtenMs = world.writtenMs(journalKey(origin, seq));
    const aheadMs = millisecondsOf(time) - EPOCH_MS - writtenMs;
    if (aheadMs <= DRIFT_MS_MAX) continue;
    world.violate("causes", `${origin} ${seq} is stamped ${aheadMs.toFixed(0)} ms too late`);
  }
}

function isLost(world: World, { origin, seq }: Dot): boolean {
  return world.destroyed.has(journalKey(origin, seq));
}

/** What was acknowledged is there, unless every copy was destroyed. */
function checkAcknowledged(world: World, history: Journal): void {
  const known = new Set<string>();
  for (const transactions of history.values()) {
    // An entry that only ever was under way has left a hole.
    transactions.forEach(({ origin, time }) => known.add(`${boxOf(origin)} ${time}`));
  }
  const destroyed = new Set<string>();
  for (const text of world.destroyed.values()) {
    const { origin, time } = parseEntry(text).transaction;
    destroyed.add(`${boxOf(origin)} ${time}`);
  }
  for (const { box, time } of world.acknowledged) {
    const place = `${box} ${time}`;
    if (known.has(place) || destroyed.has(place)) continue;
    world.violate("durability", `the write of ${box} at ${time} was acknowledged and is gone`);
  }
}
