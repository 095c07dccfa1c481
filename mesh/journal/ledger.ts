import { assert, isTrouble, tooLarge } from "../../core/errors.ts";
import type { BoxId, ServerName } from "../../core/ids.ts";
import type { Command, Logger, Random } from "../../core/ports.ts";
import type { SigningKey } from "../../core/event/sign.ts";
import { closedOrigins } from "../../core/tables.ts";
import type { Topic } from "../../core/tables.ts";
import { applyRecord } from "../../core/transaction/apply.ts";
import type { ApplyContext } from "../../core/transaction/apply.ts";
import { Draft } from "../../core/transaction/draft.ts";
import { isKnownRecord } from "../../core/transaction/known-records.ts";
import type { HybridTime, Transaction } from "../../core/transaction/records.ts";
import { advance, boxOf, compact, covers, incarnationOf, includes } from "../../core/vector.ts";
import type { Dot, Origin, Vector } from "../../core/vector.ts";
import type { HybridClock } from "../clock/hybrid-clock.ts";
import type { DocumentStore } from "../documents/documents.ts";
import { CLOCK_KEY, journalKey, positionKey, VECTOR_KEY } from "../store/mesh-keys.ts";
import type { StateStore } from "../store/overlay.ts";
import type { Stage } from "../store/stage.ts";
import type { Store } from "../store/store.ts";
import { birth } from "./birth.ts";
import { BadEntryError, fitsIntoFrame, hashOfEntry } from "./entry.ts";
import type { Entry } from "./entry.ts";
import { JournalExtent } from "./extent.ts";
import type { Committed, Flushed } from "./outcomes.ts";
import { latestLife, loadPositions, readClock, readPosition, readVector } from "./positions.ts";
import type { Position } from "./positions.ts";

export interface LedgerDeps {
  readonly store: Store;
  readonly state: StateStore;
  readonly documents: DocumentStore;
  readonly clock: HybridClock;
  readonly box: BoxId;
  /** The incarnation that begins now: `nextLife`. */
  readonly life: Origin;
  readonly serverName: ServerName;
  readonly signingKey: SigningKey;
  readonly random: Random;
  readonly logger: Logger;
  readonly isKnown?: ApplyContext["isKnown"];
}

/**
 * The journal and the one door by which transactions, made here or elsewhere, become state.
 * 1. Entries of an origin apply in order, each once, after their causes.
 * 2. Each continues the hash chain of its origin; a fork is refused, never merged.
 * 3. `vector` names what is on disk; what is only pending is known to nobody else.
 */
export class Ledger {
  readonly extent: JournalExtent;
  readonly #deps: LedgerDeps;
  readonly #positions: Map<Origin, Position>;
  readonly #inFlight = new Map<Stage, Flushed & { readonly hash: string }>();
  readonly #listeners: ((entries: readonly Flushed[]) => void)[] = [];
  #newest: Vector;
  #onDisk: Vector;
  #latest: number;
  #lastWrite: Promise<void> = Promise.resolve();

  private constructor(deps: LedgerDeps, extent: JournalExtent, positions: Map<Origin, Position>) {
    const vector = readVector(deps.store);
    this.#deps = deps;
    this.extent = extent;
    this.#newest = vector;
    this.#onDisk = vector;
    this.#positions = positions;
    this.#latest = readClock(deps.store) ?? 0;
    deps.state.onFlushed((stages) => this.#flushed(stages));
    deps.state.onFailed(() => this.#failed());
  }

  static async open(deps: LedgerDeps): Promise<Ledger> {
    const extent = await JournalExtent.load(deps.store);
    return new Ledger(deps, extent, await loadPositions(deps.store));
  }

  /** What is on disk here. */
  get vector(): Vector {
    return this.#onDisk;
  }

  /** What is applied here, on disk or about to be. */
  get appliedVector(): Vector {
    return this.#newest;
  }

  get life(): Origin {
    return this.#deps.life;
  }

  /** The newest transaction of this life. */
  get lastOwn(): Dot | undefined {
    const seq = this.lastApplied(this.life);
    return seq === undefined ? undefined : { origin: this.life, seq };
  }

  /** The newest entry on disk of every origin ever seen. */
  positions(): Map<Origin, number> {
    return new Map([...this.#positions].map(([origin, p]) => [origin, p.onDisk.seq]));
  }

  /** Called after each write with its entries, in the order of their application. */
  onFlushed(listener: (entries: readonly Flushed[]) => void): void {
    this.#listeners.push(listener);
  }

  /** Writes the first entry of this life, which notes where the one before ended. */
  async beginLife(): Promise<void> {
    const last = latestLife(this.#deps.box, this.#positions.keys());
    const seq = last && this.#positions.get(last)?.newest.seq;
    const previous = last && seq !== undefined ? { origin: last, seq } : undefined;
    await this.commit(birth, previous).written;
  }

  /** Runs a command and makes its records a transaction of this box. Throws what the command throws. */
  commit<I, R>(command: Command<I, R>, input: I): Committed<R> {
    const { state, clock, box, life, serverName, random, signingKey } = this.#deps;
    const stage = state.begin();
    try {
      const time = clock.now();
      const last = this.#positions.get(this.life)?.newest ?? { seq: 0, hash: "" };
      const dot: Dot = { origin: this.life, seq: last.seq + 1 };
      const { [this.life]: _, ...deps } = this.#newest as Record<Origin, number>;
      const context = this.context(stage, dot, deps, time);
      const draft = new Draft(context);
      const { records } = draft;
      const reply = command(draft, input, { serverName, box, life, time, random, signingKey });
      if (records.length === 0) {
        stage.abandon();
        return { reply, dot: undefined, written: this.#lastWrite };
      }
      const transaction: Transaction = { v: 1, ...dot, time, deps, prev: last.hash, records };
      const text = JSON.stringify(transaction);
      if (!fitsIntoFrame(text)) throw tooLarge("This request changes too much at once.");
      return { reply, dot, written: this.#seal(stage, { transaction, text }, context.touched) };
    } catch (error) {
      stage.abandon();
      throw error;
    }
  }

  /** Is the entry next of its origin, and are all its causes applied? */
  isReady({ transaction: { origin, seq, deps } }: Entry): boolean {
    return seq === (this.lastApplied(origin) ?? 0) + 1 && includes(this.#newest, deps);
  }

  /** The last sequence of an origin that is applied here. */
  lastApplied(origin: Origin): number | undefined {
    return this.#positions.get(origin)?.newest.seq;
  }

  /** Is it applied here, or known that there is no such transaction? */
  has(dot: Dot): boolean {
    const position = this.#positions.get(dot.origin);
    if (position && dot.seq <= position.newest.seq) return true;
    if (position === undefined && covers(this.#newest, dot)) return true;
    const end = this.closedAt(dot.origin);
    return end !== undefined && dot.seq > end;
  }

  /** What this life was given, or any, once it is certain what the earlier ones did. */
  mayHandOut(life: Origin | undefined): boolean {
    return life === this.life || !this.hasOpenLives;
  }

  /** May this box have had lives, or ends of lives, of which it does not know? */
  get hasOpenLives(): boolean {
    const origins = Object.keys(this.#onDisk) as Origin[];
    return origins.some((origin) => origin !== this.life && boxOf(origin) === this.#deps.box);
  }

  /** Is a later life of the same box known here? */
  isOver(origin: Origin): boolean {
    const [box, incarnation] = [boxOf(origin), incarnationOf(origin)];
    return (Object.keys(this.#newest) as Origin[]).some(
      (other) => boxOf(other) === box && incarnationOf(other) > incarnation,
    );
  }

  /** The last transaction of an earlier life, once that is certain. */
  closedAt(origin: Origin): number | undefined {
    return this.#deps.state.get(closedOrigins, [origin]);
  }

  /**
   * Applies a ready entry of another origin. Throws `BadEntryError` when it does not continue its
   * origin's chain or cannot be applied, MatrixError 503 while the disk cannot keep up or be read.
   */
  apply(entry: Entry): Promise<void> {
    assert(this.isReady(entry), "entries are applied in order, after their causes");
    const { origin, seq, time, deps, prev, records } = entry.transaction;
    if ((this.#positions.get(origin)?.newest.hash ?? "") !== prev) {
      throw new BadEntryError(`entry ${seq} of ${origin} does not continue its chain`);
    }
    const stage = this.#deps.state.begin();
    try {
      const context = this.context(stage, { origin, seq }, deps, time);
      records.forEach((record, index) => applyRecord(context, record, index));
      return this.#seal(stage, entry, context.touched);
    } catch (error) {
      stage.abandon();
      if (isTrouble(error)) throw error;
      throw new BadEntryError(`entry ${seq} of ${origin} cannot be applied`, { cause: error });
    }
  }

  /** Texts of entries on disk, from `seq` on; none of a write of which nobody knows yet whether it will stay. */
  read(origin: Origin, seq: number, limit: number): Promise<string[]> {
    const onDisk = this.#positions.get(origin)?.onDisk.seq ?? 0;
    return this.extent.read(origin, seq, Math.min(limit, onDisk - seq + 1));
  }

  /** Waits until everything that is applied now is on disk. */
  settled(): Promise<void> {
    return this.#lastWrite;
  }

  /** What applying the records of a transaction works on, made upon `deps`. */
  context(stage: Stage, dot: Dot, deps: Vector, time: HybridTime): ApplyContext {
    // Its own life names a box that the others leave to it; before its first entry it has no past.
    const causes = dot.seq > 1 ? { ...deps, [dot.origin]: dot.seq - 1 } : deps;
    return {
      view: stage,
      docs: this.#deps.documents.on(stage),
      dot,
      causes,
      time,
      serverName: this.#deps.serverName,
      isKnown: this.#deps.isKnown ?? isKnownRecord,
      touched: new Set(),
    };
  }

  #seal(stage: Stage, entry: Entry, topics: ReadonlySet<Topic>): Promise<void> {
    const { origin, seq } = entry.transaction;
    const hash = hashOfEntry(entry.text);
    const closed = (o: Origin): number | undefined => stage.get(closedOrigins, [o]);
    const vector = compact(advance(this.#newest, { origin, seq }), closed);
    stage.raw(journalKey(origin, seq), entry.text);
    stage.raw(positionKey(origin), JSON.stringify({ seq, hash }));
    stage.raw(VECTOR_KEY, JSON.stringify(vector));
    this.#latest = Math.max(this.#latest, entry.transaction.time);
    stage.raw(CLOCK_KEY, String(this.#latest));
    this.extent.grow(stage, entry.text.length);
    const written = this.#deps.state.commit(stage);
    const onDisk = this.#positions.get(origin)?.onDisk ?? { seq: 0, hash: "" };
    this.#positions.set(origin, { newest: { seq, hash }, onDisk });
    this.#newest = vector;
    this.#inFlight.set(stage, { ...entry, hash, topics, own: origin === this.life });
    this.#lastWrite = written;
    // Callers wait where it matters to them; a failed write is also told to every listener.
    written.catch(() => undefined);
    return written;
  }

  #flushed(stages: readonly Stage[]): void {
    const entries: Flushed[] = [];
    for (const stage of stages) {
      const entry = this.#inFlight.get(stage);
      if (!entry) continue;
      this.#inFlight.delete(stage);
      const { origin, seq } = entry.transaction;
      const position = this.#positions.get(origin);
      assert(position, "a flushed entry has a position");
      this.#positions.set(origin, { ...position, onDisk: { seq, hash: entry.hash } });
      entries.push(entry);
    }
    this.#onDisk = readVector(this.#deps.store);
    for (const listener of this.#listeners) listener(entries);
  }

  /**
   * What is not on disk is gone; own sequences are used again, which is safe since nobody saw them.
   * The write that failed may be on disk all the same, so the store is asked, and tells what is there.
   */
  #failed(): void {
    const { store } = this.#deps;
    const written = [...this.#inFlight.values()].filter(
      ({ transaction: { origin, seq }, text }) => store.get(journalKey(origin, seq)) === text,
    );
    for (const [origin, { newest, onDisk }] of this.#positions) {
      if (newest.seq === onDisk.seq) continue;
      const place = readPosition(store, origin);
      if (place === undefined) this.#positions.delete(origin);
      else this.#positions.set(origin, { newest: place, onDisk: place });
    }
    this.extent.reload();
    this.#onDisk = readVector(store);
    this.#newest = this.#onDisk;
    this.#lastWrite = Promise.resolve();
    this.#inFlight.clear();
    if (written.length > 0) for (const listener of this.#listeners) listener(written);
  }
}
