import type { BoxId } from "../../core/ids.ts";
import { boxOf, covers, includes } from "../../core/vector.ts";
import type { Dot, Vector } from "../../core/vector.ts";
import type { UpkeepDeps } from "../replica/upkeep.ts";

/**
 * Which transactions every member had on disk when it last said so, where all else that it then had is
 * here. What a client did anywhere before it sent such a transaction is here too: the box where it
 * did so had it on disk before it had the transaction. No clock is asked.
 */
export class KnownToAll {
  readonly #deps: Pick<UpkeepDeps, "ledger" | "members" | "isWhole">;
  readonly #said = new Map<BoxId, Vector>();
  /** The last of what each box said that was here as a whole, be it ahead again by now. */
  readonly #here = new Map<BoxId, Vector>();

  constructor(deps: Pick<UpkeepDeps, "ledger" | "members" | "isWhole">) {
    this.#deps = deps;
  }

  /** A connected box has said what it has on disk. */
  heard(box: BoxId, vector: Vector): void {
    this.#take(box);
    this.#said.set(box, vector);
  }

  /** Tells of transactions, by what is known now. A box that lacks what it once had knows of none. */
  look(): (dot: Dot) => boolean {
    const { ledger, members, isWhole } = this.#deps;
    if (!isWhole()) return () => false;
    const self = boxOf(ledger.life);
    const vectors: Vector[] = [];
    for (const box of members()) {
      if (box === self) continue;
      this.#take(box);
      const vector = this.#here.get(box);
      if (vector === undefined) return () => false;
      vectors.push(vector);
    }
    return (dot) => vectors.every((vector) => covers(vector, dot));
  }

  #take(box: BoxId): void {
    const said = this.#said.get(box);
    if (said && includes(this.#deps.ledger.vector, said)) this.#here.set(box, said);
  }
}
