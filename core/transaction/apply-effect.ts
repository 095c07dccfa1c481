import { effects } from "../tables.ts";
import { boxOf, incarnationOf } from "../vector.ts";
import type { ApplyContext } from "./apply.ts";
import type { EffectRecord, SettledRecord } from "./records.ts";

/** The effect waits, on every box, until somebody says that it is done. */
export function applyEffect(context: ApplyContext, record: EffectRecord, index: number): void {
  const { view, dot, time } = context;
  const key = [record.lane, boxOf(dot.origin), incarnationOf(dot.origin), dot.seq, index] as const;
  view.put(effects, [...key], { effect: record.effect, time });
}

/**
 * Whoever settled an effect knew of it, so it is here: what is not has been settled before. Two boxes that
 * each reached some of its targets leave those that neither did.
 */
export function applySettled({ view }: ApplyContext, record: SettledRecord): void {
  const { lane, origin, done, owed } = record;
  const place = [lane, boxOf(origin), incarnationOf(origin)] as const;
  for (const [seq, index] of done) view.del(effects, [...place, seq, index]);
  for (const [[seq, index], targets] of owed) {
    const before = view.get(effects, [...place, seq, index]);
    if (!before) continue;
    const { only } = before;
    const left = targets.filter((target) => only?.includes(target) ?? true).toSorted();
    if (left.length === 0) view.del(effects, [...place, seq, index]);
    else view.put(effects, [...place, seq, index], { ...before, only: left });
  }
}
