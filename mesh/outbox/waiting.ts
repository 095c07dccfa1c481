import type {
  EffectPlace,
  LaneName,
  SettledRecord,
  WaitingEffect,
} from "../../core/transaction/records.ts";
import type { Origin } from "../../core/vector.ts";

/** An effect that waits, and where it stands. */
export interface Waiting extends WaitingEffect {
  readonly lane: LaneName;
  readonly origin: Origin;
  readonly place: EffectPlace;
}

/** A name for a place, for maps. */
export type PlaceName = string;

export function nameOf({ lane, origin, place: [seq, index] }: Outcome["effect"]): PlaceName {
  return `${lane} ${origin} ${seq} ${index}`;
}

/** What became of an effect: over, or owed to these targets only. */
export interface Outcome {
  readonly effect: Pick<Waiting, "lane" | "origin" | "place">;
  /** Empty: over. */
  readonly owedTo: readonly string[];
}

/** The targets that both lists owe; undefined stands for all there are. */
export function owedByBoth<A extends readonly string[] | undefined>(
  a: A,
  b: readonly string[] | undefined,
): A | readonly string[] {
  if (b === undefined) return a;
  return a?.filter((target) => b.includes(target)) ?? b;
}

/** One record for each lane and origin. */
export function recordsOf(outcomes: Iterable<Outcome>): SettledRecord[] {
  const groups = Map.groupBy(outcomes, ({ effect }) => `${effect.lane} ${effect.origin}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const { lane, origin } = first.effect;
    const done = group.filter(({ owedTo }) => owedTo.length === 0);
    const owed = group.filter(({ owedTo }) => owedTo.length > 0);
    return {
      kind: "settled" as const,
      lane,
      origin,
      done: done.map(({ effect }) => effect.place),
      owed: owed.map(({ effect, owedTo }) => [effect.place, owedTo] as const),
    };
  });
}

/** The outcomes that a record names. */
export function outcomesOf({ lane, origin, done, owed }: SettledRecord): Outcome[] {
  return [
    ...done.map((place) => ({ effect: { lane, origin, place }, owedTo: [] })),
    ...owed.map(([place, owedTo]) => ({ effect: { lane, origin, place }, owedTo })),
  ];
}
