import { parseEntry } from "../../mesh/journal/entry.ts";
import type { Transaction } from "../../core/transaction/records.ts";
import { covers } from "../../core/vector.ts";
import type { World } from "./world.ts";

/** The transactions that brought the numbered to-device messages: which of them knew of which. */
export class DirectCauses {
  readonly #byNumber = new Map<number, Transaction[]>();

  constructor(world: World) {
    for (const [key, text] of world.history()) {
      if (world.boxes[0]?.disk.holds(key) !== true) continue;
      const { transaction } = parseEntry(text);
      for (const record of transaction.records) {
        if (record.kind !== "enqueue" || record.queue !== "to_device") continue;
        const n = Number(record.message.content["n"]);
        this.#byNumber.set(n, [...(this.#byNumber.get(n) ?? []), transaction]);
      }
    }
  }

  /** Transactions that brought the same message. */
  copiesOf(n: number): number {
    return this.#byNumber.get(n)?.length ?? 0;
  }

  /** Was the later message made, wherever it was, by a box that had the earlier one? */
  restsOn(later: number, earlier: number): boolean {
    const [early, late] = [this.#byNumber.get(earlier) ?? [], this.#byNumber.get(later) ?? []];
    return (
      early.length > 0 &&
      late.length > 0 &&
      late.every(({ origin, seq, deps }) =>
        early.some((cause) => {
          if (cause.origin === origin) return cause.seq < seq;
          return covers(deps, { origin: cause.origin, seq: cause.seq });
        }),
      )
    );
  }
}
