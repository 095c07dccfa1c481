import type { BoxId } from "../../core/ids.ts";
import type { Logger, Timers } from "../../core/ports.ts";
import { boxOf, includes } from "../../core/vector.ts";
import type { Dot, Origin, Vector } from "../../core/vector.ts";
import type { HybridClock } from "../clock/hybrid-clock.ts";
import type { Ledger } from "../journal/ledger.ts";
import type { Flushed } from "../journal/outcomes.ts";
import type { Transport } from "../transport/transport.ts";
import type { Acknowledgements } from "./acknowledgements.ts";
import { readBatch } from "./batch.ts";
import {
  BATCH_TIMEOUT_MS,
  BATCHES_IN_FLIGHT_MAX,
  CHANNEL,
  GOSSIP_GRACE_MS,
  GOSSIP_LENGTH_MAX,
  TELL_MS,
  VECTOR_INTERVAL_MS,
} from "./constants.ts";
import { decodeFrame, encodeFrame } from "./frames.ts";
import type { Frame } from "./frames.ts";
import { Intake } from "./intake.ts";
import { Peer } from "./peer.ts";
import { REPLICATION_PROTOCOL } from "./protocol.ts";

const TOPIC = "entries";

export interface ReplicatorDeps {
  readonly ledger: Ledger;
  readonly transport: Transport;
  readonly clock: HybridClock;
  readonly acknowledgements: Acknowledgements;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Told what a connected box says it has on disk. */
  readonly heard: (box: BoxId, vector: Vector) => void;
}

/**
 * Brings every entry to every box. What is made here goes out by gossip at once; what a peer then
 * still lacks, whoever made it, goes to it by a stream.
 * 1. An entry is offered only when it is on this disk, and confirmed only when it is on that one.
 * 2. Entries are applied by `Ledger` alone, in order and after their causes; others wait in `Intake`.
 * 3. Nothing is remembered of a link that went down: its vector is asked for again.
 * 4. Frames, links and timers change state only; `#evaluate` decides what a peer is sent: all that it
 *    lacks, once it lacks something that gossip has had the time to bring.
 */
export class Replicator {
  readonly #deps: ReplicatorDeps;
  readonly #peers = new Map<BoxId, Peer>();
  readonly #intake: Intake;
  readonly #unsubscribe: (() => void)[] = [];
  /** What gossip has brought to every box by now, if it ever will. */
  #due: Vector;
  #graceTimer: { cancel(): void } | undefined;
  #tellTimer: { cancel(): void } | undefined;
  #vectorTimer: { cancel(): void } | undefined;
  #stopped = false;

  constructor(deps: ReplicatorDeps) {
    this.#deps = deps;
    this.#intake = new Intake(deps);
    this.#due = deps.ledger.vector;
    deps.ledger.onFlushed((entries) => this.#flushed(entries));
  }

  /** `hellos`: what boxes that are linked already have said first. */
  start(hellos: ReadonlyMap<BoxId, Uint8Array> = new Map()): void {
    const { transport, timers } = this.#deps;
    this.#unsubscribe.push(
      transport.onFrame(CHANNEL, (from, bytes) => this.#frame(from, bytes)),
      transport.onPublish(TOPIC, (_from, bytes) => {
        const frame = decodeFrame(bytes);
        if (frame?.kind === "entries") this.#takeGossip(frame.texts);
      }),
      transport.onLink(({ kind, box }) => (kind === "up" ? this.#up(box) : this.#down(box))),
    );
    for (const [box, hello] of hellos) void this.#frame(box, hello);
    const again = (): void => {
      this.#vectorTimer = timers.after(VECTOR_INTERVAL_MS, again);
      this.#rewindStalled();
      // What the disk had no room for a while ago.
      this.#intake.applyReady();
      for (const peer of this.#peers.values()) {
        this.#sayVector(peer.box);
        this.#evaluate(peer);
      }
    };
    this.#vectorTimer = timers.after(VECTOR_INTERVAL_MS, again);
  }

  stop(): void {
    this.#stopped = true;
    for (const off of this.#unsubscribe) off();
    for (const timer of [this.#graceTimer, this.#tellTimer, this.#vectorTimer]) timer?.cancel();
  }

  /** Resolves when the boxes that a write waits for have it, or the time for that is up. */
  acknowledged(dot: Dot): Promise<void> {
    const peers = new Map<BoxId, Vector>();
    const positions = this.#deps.ledger.positions();
    for (const peer of this.#peers.values()) {
      if (peer.vector && peer.keepsUp(positions)) peers.set(peer.box, peer.vector);
    }
    return this.#deps.acknowledgements.wait(dot, peers);
  }

  /** Is everything here that a connected box has said it has? */
  isCaughtUp(): boolean {
    const here = this.#deps.ledger.vector;
    for (const peer of this.#peers.values()) {
      if (peer.isForeign) continue;
      if (peer.vector === undefined || !includes(here, peer.vector)) return false;
    }
    return true;
  }

  /** What each connected box has on disk, as it last said. */
  vectors(): ReadonlyMap<BoxId, Vector> {
    return new Map(this.peers().flatMap(({ box, vector }) => (vector ? [[box, vector]] : [])));
  }

  /** The connected boxes. */
  peers(): readonly Peer[] {
    return [...this.#peers.values()];
  }

  /** Entries that each connected box is not known to have. */
  lags(): ReadonlyMap<BoxId, number> {
    const positions = this.#deps.ledger.positions();
    return new Map(this.peers().map((peer) => [peer.box, peer.lag(positions)]));
  }

  /** Connected boxes whose version of the software does not replicate with this one. */
  foreign(): ReadonlySet<BoxId> {
    return new Set(this.peers().flatMap(({ box, isForeign }) => (isForeign ? [box] : [])));
  }

  /** Origins with an entry that cannot be applied here, and why; their later entries wait. */
  refused(): ReadonlyMap<Origin, string> {
    return this.#intake.refused();
  }

  #up(box: BoxId): void {
    this.#peers.set(box, new Peer(box));
    const { vector } = this.#deps.ledger;
    this.#say(box, { kind: "hello", speaks: REPLICATION_PROTOCOL, vector });
  }

  #down(box: BoxId): void {
    this.#peers.delete(box);
    this.#deps.acknowledgements.lost(box);
  }

  async #frame(from: BoxId, bytes: Uint8Array): Promise<void> {
    const frame = decodeFrame(bytes);
    const peer = this.#peers.get(from);
    if (!peer) return;
    if (!frame) {
      this.#intake.complain({ box: from, bytes: bytes.length }, "dropped a frame that is none");
      return;
    }
    if (frame.kind === "entries") {
      await this.take(frame.texts);
      this.#say(from, { kind: "confirm", vector: this.#deps.ledger.vector });
      return;
    }
    if (frame.kind === "gone") {
      peer.hasDropped = frame.isGone;
      return;
    }
    if (frame.kind === "hello") {
      peer.speaks = frame.speaks;
      if (!peer.speaksOurProtocol) {
        this.#deps.logger.error(
          { box: from, theirs: frame.speaks, ours: REPLICATION_PROTOCOL },
          "no version of the mesh protocol in common with this box; update the older one of the two",
        );
        return;
      }
      peer.forget();
    }
    if (frame.kind === "confirm") peer.batchesInFlight = Math.max(0, peer.batchesInFlight - 1);
    peer.heard(frame.vector);
    this.#deps.acknowledgements.heard(from, frame.vector);
    this.#deps.heard(from, peer.vector ?? frame.vector);
    this.#evaluate(peer);
  }

  /** Takes entries in, from wherever; resolves when those that could be applied are on disk. */
  take(texts: readonly string[]): Promise<void> {
    return this.#intake.take(texts);
  }

  #takeGossip(texts: readonly string[]): void {
    this.take(texts).catch((error: unknown) => {
      this.#deps.logger.error({ err: error }, "entries that came by gossip were not taken in");
    });
  }

  #flushed(entries: readonly Flushed[]): void {
    if (this.#stopped) return;
    this.#publish(entries.filter(({ own }) => own).map(({ text }) => text));
    this.#confirm(entries);
    this.#waitOutGossip();
  }

  /** A maker may be waiting for this word, in one frame for the whole group; the others are in no hurry. */
  #confirm(entries: readonly Flushed[]): void {
    for (const box of new Set(entries.map(({ transaction }) => boxOf(transaction.origin)))) {
      if (this.#peers.has(box)) this.#sayVector(box);
    }
    this.#tellTimer ??= this.#deps.timers.after(TELL_MS, () => {
      this.#tellTimer = undefined;
      for (const box of this.#peers.keys()) this.#sayVector(box);
    });
  }

  /** What is on disk now is due to all peers when the grace ends; what comes meanwhile, one grace later. */
  #waitOutGossip(): void {
    if (this.#graceTimer) return;
    const { ledger, timers } = this.#deps;
    const due = ledger.vector;
    this.#graceTimer = timers.after(GOSSIP_GRACE_MS, () => {
      this.#graceTimer = undefined;
      this.#due = due;
      if (due !== ledger.vector) this.#waitOutGossip();
      for (const peer of this.#peers.values()) this.#evaluate(peer);
    });
  }

  #sayVector(box: BoxId): void {
    this.#say(box, { kind: "vector", vector: this.#deps.ledger.vector });
  }

  #publish(texts: readonly string[]): void {
    if (texts.length === 0 || this.#peers.size === 0) return;
    const frame = encodeFrame({ kind: "entries", texts });
    if (frame.length <= GOSSIP_LENGTH_MAX) this.#deps.transport.publish(TOPIC, frame);
  }

  #say(box: BoxId, frame: Frame): void {
    this.#deps.transport.send(box, CHANNEL, encodeFrame(frame)).catch((error: unknown) => {
      this.#deps.logger.debug({ box, err: error }, "a frame was not sent");
    });
  }

  /** Sends a peer what it lacks, unless gossip is likely to be bringing it now. */
  #evaluate(peer: Peer): void {
    if (this.#stopped || !peer.vector || !peer.speaksOurProtocol || peer.isReading) return;
    if (this.#isOutOfReach(peer, peer.vector)) return;
    if (peer.batchesInFlight >= BATCHES_IN_FLIGHT_MAX) return;
    if (includes(peer.sent, this.#due)) return;
    void this.#sendBatch(peer);
  }

  /** Lacks it entries that are gone here? It is told when that changes. */
  #isOutOfReach(peer: Peer, vector: Vector): boolean {
    const { floors } = this.#deps.ledger.extent;
    // Vectors of one link only grow, so what reached the floors once goes on doing so.
    if (peer.reachedFloors === floors) return false;
    const isGone = !this.#deps.ledger.extent.reaches(vector);
    if (!isGone) peer.reachedFloors = floors;
    if (isGone !== peer.isToldToCopy) {
      peer.isToldToCopy = isGone;
      this.#say(peer.box, { kind: "gone", isGone });
    }
    return isGone;
  }

  async #sendBatch(peer: Peer): Promise<void> {
    const { ledger, timers, transport, logger } = this.#deps;
    peer.isReading = true;
    try {
      const batch = await readBatch(ledger, peer.wants(ledger.positions()));
      if (batch.texts.length === 0 || this.#peers.get(peer.box) !== peer) return;
      for (const [origin, seq] of batch.through) peer.sent = { ...peer.sent, [origin]: seq };
      peer.batchesInFlight++;
      peer.waitingSince = timers.elapsed();
      await transport.send(peer.box, CHANNEL, encodeFrame({ kind: "entries", texts: batch.texts }));
    } catch (error) {
      logger[peer.failed(error)]({ box: peer.box, err: error }, "a batch of entries was not sent");
      return;
    } finally {
      peer.isReading = false;
    }
    this.#evaluate(peer);
  }

  #rewindStalled(): void {
    const now = this.#deps.timers.elapsed();
    for (const peer of this.#peers.values()) {
      const stalled = peer.batchesInFlight > 0 && now - peer.waitingSince > BATCH_TIMEOUT_MS;
      // Between batches, whatever was sent and not taken in is owed again.
      if (stalled || peer.batchesInFlight === 0) peer.rewind();
    }
  }
}
