import { hashOfEntry, parseEntry } from "../../mesh/journal/entry.ts";
import type { Transaction } from "../../core/transaction/records.ts";
import { boxOf } from "../../core/vector.ts";
import type { Dot, Origin } from "../../core/vector.ts";
import type { SimBox } from "./sim-box.ts";
import type { World } from "./world.ts";

type Journal = ReadonlyMap<Origin, readonly Transaction[]>;

/** I1, I3, I5, I20: what the journals of all boxes say after healing. */
export function checkJournals(world: World): void {
  const journals = world.boxes.map((box) => readJournal(world, box));
  const [first] = world.boxes;
  if (!first) return;
  const entries = first.disk.journal();
  for (const box of world.boxes.slice(1)) compare(world, entries, first, box);
  for (const journal of journals) checkCauses(world, journal);
  checkAcknowledged(world, journals);
}

function readJournal(world: World, box: SimBox): Journal {
  const journal = new Map<Origin, Transaction[]>();
  const last = new Map<Origin, string>();
  for (const [key, text] of [...box.disk.journal()].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const { transaction } = parseEntry(text);
    const { origin, seq, prev } = transaction;
    const before = journal.get(origin) ?? [];
    if (seq !== before.length + 1) world.violate("journal", `${box.id}: a gap before ${key}`);
    if (prev !== (last.get(origin) ?? "")) world.violate("journal", `${box.id}: a fork at ${key}`);
    last.set(origin, hashOfEntry(text));
    journal.set(origin, [...before, transaction]);
  }
  return journal;
}

function compare(
  world: World,
  entries: ReadonlyMap<string, string>,
  first: SimBox,
  box: SimBox,
): void {
  const others = box.disk.journal();
  for (const key of new Set([...entries.keys(), ...others.keys()])) {
    const [a, b] = [entries.get(key), others.get(key)];
    if (a === b) continue;
    const how = a === undefined || b === undefined ? "is missing" : "differs";
    world.violate("journal", `${key} of ${first.id} ${how} on ${box.id}`);
  }
}

/** Every transaction is stamped after what it was made upon. */
function checkCauses(world: World, journal: Journal): void {
  const at = ({ origin, seq }: Dot): Transaction | undefined => journal.get(origin)?.[seq - 1];
  for (const transaction of [...journal.values()].flat()) {
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

function isLost(world: World, { origin, seq }: Dot): boolean {
  return world.destroyed.has(`j/${origin}/${seq.toString(16).padStart(8, "0")}`);
}

/** What was acknowledged is there, unless every copy was destroyed. */
function checkAcknowledged(world: World, journals: readonly Journal[]): void {
  const known = new Set<string>();
  for (const transactions of journals[0]?.values() ?? []) {
    for (const { origin, time } of transactions) known.add(`${boxOf(origin)} ${time}`);
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
