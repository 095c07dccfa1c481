import type { BoxId } from "../../core/ids.ts";
import type { Origin } from "../../core/vector.ts";
import type { ComparedBox, OriginPlace } from "./compared-box.ts";
import { FORKS_MAX, PLACES_MAX } from "./constants.ts";

/** One entry of which two boxes have different versions: its maker, or a disk, has made two histories. */
export interface Fork {
  readonly origin: Origin;
  /** The latest entry that both have. */
  readonly seq: number;
  readonly boxes: readonly [BoxId, BoxId];
}

type Places = ReadonlyMap<Origin, OriginPlace>;

/**
 * Compares where the journals of all lives end, and of which the end is not the same, whether one leads
 * to the other. An entry that is not in a journal any more was checked when it was applied.
 */
export async function findForks(boxes: readonly ComparedBox[]): Promise<Fork[]> {
  const places = await Promise.all(boxes.map(placesOf));
  const forks: Fork[] = [];
  const [first, ...others] = boxes;
  const [own, ...theirs] = places;
  if (!first || !own) return forks;
  for (const [i, other] of others.entries()) {
    const them = theirs[i];
    if (them) forks.push(...(await forksBetween(first, own, other, them)));
  }
  return forks.slice(0, FORKS_MAX);
}

async function placesOf(box: ComparedBox): Promise<Places> {
  const places = new Map<Origin, OriginPlace>();
  for await (const place of box.places()) {
    if (places.size < PLACES_MAX) places.set(place.origin, place);
  }
  return places;
}

async function forksBetween(
  a: ComparedBox,
  placesOfA: Places,
  b: ComparedBox,
  placesOfB: Places,
): Promise<Fork[]> {
  const forks: Fork[] = [];
  const boxes = [a.box, b.box] as const;
  /** Where one box ends before the other: does its last entry lie in the other's journal? */
  const inB: OriginPlace[] = [];
  const inA: OriginPlace[] = [];
  for (const [origin, mine] of placesOfA) {
    const other = placesOfB.get(origin);
    if (!other || other.hash === mine.hash) continue;
    if (other.seq === mine.seq) forks.push({ origin, seq: mine.seq, boxes });
    else if (other.seq > mine.seq) inB.push(mine);
    else inA.push(other);
  }
  for (const [box, ends] of [
    [b, inB],
    [a, inA],
  ] as const) {
    if (ends.length === 0) continue;
    const hashes = await box.entryHashes(ends);
    ends.forEach(({ origin, seq, hash }, i) => {
      if (hashes[i] != null && hashes[i] !== hash) forks.push({ origin, seq, boxes });
    });
  }
  return forks;
}
