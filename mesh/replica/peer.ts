import type { BoxId } from "../../core/ids.ts";
import { includes, merge } from "../../core/vector.ts";
import type { Origin, Vector } from "../../core/vector.ts";
import type { JournalExtent } from "../journal/extent.ts";
import { TransportError } from "../transport/transport.ts";
import { covered } from "./confirmed.ts";
import { ACK_LAG_MAX } from "./constants.ts";
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
  /** It has dropped entries that are missing here: only a copy of its store brings them. */
  hasDropped = false;
  /** It was told the same of this box. */
  isToldToCopy = false;
  /** The floors here that it is known to be above. */
  reachedFloors: JournalExtent["floors"] | undefined;
  /** It lacks an entry that no frame holds, so nothing after it reaches this box. */
  #isStuck = false;

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

  /** Each side has dropped what the other one lacks. */
  get isStranger(): boolean {
    return this.hasDropped && this.isToldToCopy;
  }

  /** It begins anew, and may have less than it said. */
  forget(): void {
    this.vector = undefined;
    this.reachedFloors = undefined;
    // It may not have listened to more than the first word of what was said before.
    this.isToldToCopy = false;
    this.rewind();
  }

  /** Sends again from what it said it has. */
  rewind(): void {
    this.sent = this.vector ?? {};
    this.batchesInFlight = 0;
  }

  /** A batch was not sent; returns how to log it: loudly, once for each link, where no later try can succeed. */
  failed(error: unknown): "error" | "debug" {
    this.rewind();
    const isHopeless = error instanceof TransportError && error.code === "too_large";
    if (!isHopeless || this.#isStuck) return "debug";
    this.#isStuck = true;
    return "error";
  }

  /** Is it close enough to having everything that a write may wait for it? */
  keepsUp(positions: ReadonlyMap<Origin, number>): boolean {
    return !this.isToldToCopy && this.lag(positions) <= ACK_LAG_MAX;
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

/**
 * The boxes that have more than is `here`, when entries cannot bring it: all of them have dropped some
 * of it. While any other one may bring something, or nobody has more, the list is empty.
 */
export function copySources(peers: readonly Peer[], here: Vector): Peer[] {
  const ahead = peers.filter(({ vector }) => vector !== undefined && !includes(here, vector));
  return ahead.every(({ hasDropped }) => hasDropped) ? ahead : [];
}
