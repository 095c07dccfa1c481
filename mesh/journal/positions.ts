import type { Origin, Vector } from "../../core/vector.ts";
import type { BoxId } from "../../core/ids.ts";
import { boxOf, incarnationOf, originOf, parseOrigin } from "../../core/vector.ts";
import { HYBRID_TICKS_PER_MS } from "../../core/transaction/records.ts";
import type { HybridTime } from "../../core/transaction/records.ts";
import {
  CLOCK_KEY,
  POSITION_PREFIX,
  VECTOR_KEY,
  positionKey,
  rowsUnder,
} from "../store/mesh-keys.ts";
import type { Store } from "../store/store.ts";

/** The last entry of an origin: as applied, and as on disk. */
export interface Position {
  readonly newest: Place;
  readonly onDisk: Place;
}

export interface Place {
  readonly seq: number;
  readonly hash: string;
}

/** Places read at once: there is one for each life of each box, 25,000 after a year of ten starts a day. */
const PAGE_ROWS = 10_000;

export async function loadPositions(store: Store): Promise<Map<Origin, Position>> {
  const places = await loadPlaces(store, POSITION_PREFIX);
  return new Map([...places].map(([origin, place]) => [origin, { newest: place, onDisk: place }]));
}

/** The rows under a prefix that name an origin and hold a place in it. */
export async function loadPlaces(store: Store, prefix: string): Promise<Map<Origin, Place>> {
  const places = new Map<Origin, Place>();
  const { gte, lt } = rowsUnder(prefix);
  let rows = await store.range({ gte, lt, limit: PAGE_ROWS });
  for (;;) {
    for (const [key, text] of rows) {
      const origin = parseOrigin(key.slice(prefix.length));
      if (origin !== undefined) places.set(origin, JSON.parse(text) as Place);
    }
    const last = rows.at(-1)?.[0];
    if (last === undefined || rows.length < PAGE_ROWS) return places;
    rows = await store.range({ gt: last, lt, limit: PAGE_ROWS });
  }
}

export function readPosition(store: Store, origin: Origin): Place | undefined {
  const text = store.get(positionKey(origin));
  return text === undefined ? undefined : (JSON.parse(text) as Place);
}

/** The transactions whose effects are on disk. */
export function readVector(store: Store): Vector {
  const text = store.get(VECTOR_KEY);
  return text === undefined ? {} : (JSON.parse(text) as Vector);
}

/** The newest incarnation of a box among the origins. */
export function latestLife(box: BoxId, origins: Iterable<Origin>): Origin | undefined {
  let latest: Origin | undefined;
  for (const origin of origins) {
    if (boxOf(origin) !== box) continue;
    if (!latest || incarnationOf(origin) > incarnationOf(latest)) latest = origin;
  }
  return latest;
}

/** The incarnation to begin at `milliseconds`: later than every one that is known of the box. */
export function nextLife(box: BoxId, origins: Iterable<Origin>, milliseconds: number): Origin {
  const latest = latestLife(box, origins);
  return originOf(box, Math.max(milliseconds, latest ? incarnationOf(latest) + 1 : 0));
}

/** The greatest time of any transaction in the store. */
export function readClock(store: Store): HybridTime | undefined {
  const text = store.get(CLOCK_KEY);
  return text === undefined ? undefined : (Number(text) as HybridTime);
}

/** The time at which the newest of some lives began; 0 where there is none. */
export function newestLife(lives: readonly Origin[]): HybridTime {
  const newestMs = Math.max(0, ...lives.map(incarnationOf));
  return (newestMs * HYBRID_TICKS_PER_MS) as HybridTime;
}
