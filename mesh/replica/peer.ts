import type { BoxId } from "../../core/ids.ts";
import { covers, merge } from "../../core/vector.ts";
import type { Origin, Vector } from "../../core/vector.ts";
import { commonProtocol, REPLICATION_PROTOCOL } from "./protocol.ts";
import type { ProtocolRange } from "./protocol.ts";

/** What is known of one connected box. */
export class Peer {
  readonly box: BoxId;
  /** What it has on disk, as it last said; absent before its hello. */
  vector: Vector | undefined;
  /** What it will have once the batches under way arrive. */
  sent: Vector = {};
  batchesInFlight = 0;
  /** `timers.elapsed()` of the oldest unconfirmed batch. */
  waitingSince = 0;
  isReading = false;
  /** As it said in its hello. */
  speaks: ProtocolRange | undefined;

  constructor(box: BoxId) {
    this.box = box;
  }

  get speaksOurProtocol(): boolean {
    return (
      this.speaks !== undefined && commonProtocol(REPLICATION_PROTOCOL, this.speaks) !== undefined
    );
  }

  /** Its version of the software and this one have no protocol in common. */
  get isForeign(): boolean {
    return this.speaks !== undefined && !this.speaksOurProtocol;
  }

  heard(vector: Vector): void {
    this.vector = this.vector ? merge(this.vector, vector) : vector;
    this.sent = merge(this.sent, this.vector);
  }

  /** Sends again from what it said it has. */
  rewind(): void {
    this.sent = this.vector ?? {};
    this.batchesInFlight = 0;
  }

  /** How many entries on disk here it is not known to have. */
  lag(positions: ReadonlyMap<Origin, number>): number {
    let missing = 0;
    for (const [origin, seq] of positions) missing += seq - covered(this.vector ?? {}, origin, seq);
    return missing;
  }

  /** For each origin with something to send: the first sequence wanted. */
  wants(positions: ReadonlyMap<Origin, number>): [origin: Origin, from: number][] {
    const wants: [Origin, number][] = [];
    for (const [origin, seq] of positions) {
      const has = covered(this.sent, origin, seq);
      if (has < seq) wants.push([origin, has + 1]);
    }
    return wants;
  }
}

/** How many of an origin's first `seq` entries are in the set. */
function covered(vector: Vector, origin: Origin, seq: number): number {
  if (covers(vector, { origin, seq })) return seq;
  return Math.min(vector[origin] ?? 0, seq);
}
