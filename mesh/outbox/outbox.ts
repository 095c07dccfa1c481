import type { BoxId } from "../../core/ids.ts";
import type { Appointments, EffectLane, Logger, Random, Runner, Timers } from "../../core/ports.ts";
import { effects } from "../../core/tables.ts";
import type { HybridTime, LaneName, SettledRecord } from "../../core/transaction/records.ts";
import { boxOf, originOf } from "../../core/vector.ts";
import type { Origin } from "../../core/vector.ts";
import type { Ledger } from "../journal/ledger.ts";
import type { Flushed } from "../journal/outcomes.ts";
import type { StateStore } from "../store/overlay.ts";
import type { Transport, Unsubscribe } from "../transport/transport.ts";
import { Alarms } from "./alarms.ts";
import { AWAY_MS, BEHIND_MS_MAX, RETURN_MS, SCAN_ROWS, TICK_MS } from "./constants.ts";
import { decodeOutboxFrame, encodeOutboxFrame } from "./frames.ts";
import { Owners } from "./owners.ts";
import { Settlements } from "./settlements.ts";
import { Worker } from "./worker.ts";

const CHANNEL = "outbox";
/** Ticks after which a box looks at the disk although nothing calls for it. */
const TICKS_PER_SCAN = 12;

export interface OutboxDeps {
  readonly state: StateStore;
  readonly ledger: Ledger;
  readonly runner: Runner;
  readonly transport: Pick<Transport, "self" | "links" | "onLink" | "send" | "onFrame">;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly now: () => HybridTime;
  readonly members: () => readonly BoxId[];
  /** Can be written down what was done? Nothing is done that another life would do again. */
  readonly takesWrites: () => boolean;
  /** Has this box all that the linked ones have? */
  readonly isCaughtUp: () => boolean;
  readonly lanes: readonly EffectLane[];
  readonly appointments: Appointments;
}

/**
 * Does what transactions ask for outside of the mesh.
 * 1. What waits is in the store of every box; a box does what is its own (`owners.ts`).
 * 2. An effect is over when somebody has written that down; so it happens at least once.
 * 3. Whoever does one tells the others at once, so that it is repeated only where a box failed meanwhile.
 */
export class Outbox {
  readonly #deps: OutboxDeps;
  readonly #owners: Owners;
  readonly #settlements: Settlements;
  readonly #workers: ReadonlyMap<LaneName, Worker>;
  readonly #alarms: Alarms;
  readonly #unsubscribe: Unsubscribe[] = [];
  /** Since when it does its part, by `timers.elapsed`: its start, or when its disk took writes again. */
  #hereSinceMs: number;
  /** Others may have done what it began in this life, and what they wrote may not be here yet. */
  #isReturning = false;
  /** What the others are told: does it take writes? */
  #works = true;
  #behindSinceMs: number | undefined;
  #ours = "";
  #ticks = 0;
  #scanning: Promise<void> | undefined;
  #timer: { cancel(): void } | undefined;
  #stopped = false;

  constructor(deps: OutboxDeps) {
    const { timers, transport, ledger, lanes } = deps;
    const isOurs = (origin: Origin): boolean => this.#isOurs(origin);
    this.#deps = deps;
    this.#hereSinceMs = timers.elapsed();
    this.#owners = new Owners({ self: transport.self, linked: () => this.#linked(), timers });
    this.#settlements = new Settlements({
      ...deps,
      announce: (settled) => this.#tell(this.#linked(), settled),
    });
    const settlements = this.#settlements;
    this.#workers = new Map(
      lanes.map((lane) => [lane.name, new Worker({ ...deps, lane, isOurs, settlements })]),
    );
    this.#alarms = new Alarms({ ...deps, isOurs });
    ledger.onFlushed((entries) => this.#flushed(entries));
  }

  start(): void {
    const { transport } = this.#deps;
    this.#unsubscribe.push(
      transport.onFrame(CHANNEL, (from, bytes) => this.#frame(from, bytes)),
      transport.onLink(({ kind, box }) => {
        // A box whose link goes down was there until now.
        this.#owners.seen([box]);
        // What it said while there was no link, or nobody listened here.
        if (kind === "up") this.#tell([box], [], true);
      }),
    );
    this.#tick();
  }

  /** Lets what is under way end, and writes down what was done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    for (const off of this.#unsubscribe) off();
    await this.#scanning;
    await this.#alarms.stop();
    await Promise.all([...this.#workers.values()].map((worker) => worker.stop()));
    await this.#settlements.write();
    this.#settlements.stop();
  }

  #linked(): BoxId[] {
    return this.#deps.transport.links().map(({ box }) => box);
  }

  /** A box that was away learns what is done, though it is not written down yet. */
  #answer(box: BoxId): void {
    for (const settled of this.#settlements.all()) this.#tell([box], settled);
  }

  #tell(boxes: readonly BoxId[], settled: readonly SettledRecord[], asks = false): void {
    const { transport, logger } = this.#deps;
    const bytes = encodeOutboxFrame({ sees: this.#linked(), settled, asks, works: this.#works });
    for (const box of boxes) {
      transport.send(box, CHANNEL, bytes).catch((error: unknown) => {
        logger.debug({ box, err: error }, "a box was not told what is done");
      });
    }
  }

  #frame(from: BoxId, bytes: Uint8Array): void {
    const frame = decodeOutboxFrame(bytes);
    if (!frame) {
      this.#deps.logger.warn({ box: from, bytes: bytes.length }, "dropped a frame that is none");
      return;
    }
    this.#owners.seen([from, ...frame.sees]);
    this.#owners.hear(from, frame.works);
    for (const record of frame.settled) {
      this.#settlements.hear(record);
      this.#workers.get(record.lane)?.letGo(record);
    }
    if (frame.asks) this.#answer(from);
  }

  #tick(): void {
    if (this.#stopped) return;
    const { timers, isCaughtUp, members } = this.#deps;
    this.#timer = timers.after(TICK_MS, () => this.#tick());
    if (isCaughtUp()) this.#behindSinceMs = undefined;
    else this.#behindSinceMs ??= timers.elapsed();
    this.#owners.seen(this.#linked());
    this.#lookAtDisk();
    this.#tell(this.#linked(), []);
    this.#alarms.ring();
    const ours = members().filter((box) => this.#owners.isOurs(box));
    const state = `${this.#deps.takesWrites()} ${this.#knowsThePast()} ${ours.join()}`;
    const isDue = ++this.#ticks % TICKS_PER_SCAN === 0;
    const more = [...this.#workers.values()].filter((worker) => worker.takeMore());
    if (state === this.#ours && more.length === 0 && !isDue) return;
    this.#ours = state;
    this.#scanning ??= this.#scan().finally(() => {
      this.#scanning = undefined;
    });
  }

  /** Leaves its work to the others while the disk refuses it, and takes it back when it knows what they did. */
  #lookAtDisk(): void {
    const { state, takesWrites, transport, timers } = this.#deps;
    if (!this.#owners.isOurs(transport.self)) {
      this.#isReturning = true;
      this.#hereSinceMs = timers.elapsed();
    } else if (this.#knowsThePast()) this.#isReturning = false;
    this.#works = takesWrites() && state.failure === undefined;
    this.#owners.hear(transport.self, this.#works);
  }

  /** Would this box know if what others or its earlier lives began were done? */
  #knowsThePast(): boolean {
    const { timers, members, isCaughtUp, transport } = this.#deps;
    const nowMs = timers.elapsed();
    if (members().every((box) => box === transport.self)) return true;
    if (nowMs - this.#hereSinceMs < RETURN_MS) return false;
    if (this.#linked().length === 0) return nowMs - this.#hereSinceMs >= AWAY_MS;
    const isStuck =
      this.#behindSinceMs !== undefined && nowMs - this.#behindSinceMs >= BEHIND_MS_MAX;
    return isCaughtUp() || isStuck;
  }

  #isOurs(origin: Origin): boolean {
    if (!this.#deps.takesWrites() || !this.#owners.isOurs(boxOf(origin))) return false;
    if (origin === this.#deps.ledger.life && !this.#isReturning) return true;
    return this.#knowsThePast();
  }

  #flushed(entries: readonly Flushed[]): void {
    this.#alarms.noticed(entries);
    for (const { transaction } of entries) {
      const { origin, seq, time, records } = transaction;
      // News of a box that was away: it is back, or somebody saw it whose word is still on its way.
      this.#owners.seen([boxOf(origin)]);
      records.forEach((record, index) => {
        if (record.kind === "settled") {
          this.#settlements.written(record);
          this.#workers.get(record.lane)?.letGo(record);
        }
        if (record.kind !== "effect" || !this.#isOurs(origin)) return;
        const { lane, effect } = record;
        this.#workers.get(lane)?.take({ lane, effect, time, origin, place: [seq, index] });
      });
    }
  }

  /** Looks for effects on disk that are this box's to do. */
  async #scan(): Promise<void> {
    try {
      for (const { name } of this.#deps.lanes) await this.#scanLane(name);
    } catch (error) {
      // Any change, and every minute, makes it look again.
      this.#ours = "";
      this.#deps.logger.warn({ err: error }, "could not look for what is to be done");
    }
  }

  async #scanLane(lane: LaneName): Promise<void> {
    const { state } = this.#deps;
    using snapshot = state.snapshot();
    let after: readonly (string | number)[] | undefined;
    while (!this.#stopped) {
      const range = { prefix: [lane], limit: SCAN_ROWS, ...(after ? { after } : {}) };
      const rows = await snapshot.range(effects, range);
      for (const [key] of rows) {
        const [, box, incarnation, ...place] = key;
        const origin = originOf(box, incarnation);
        // The newest row: it may have been settled since the snapshot.
        const row = this.#isOurs(origin) ? state.get(effects, key) : undefined;
        if (row) this.#workers.get(lane)?.take({ ...row, lane, origin, place });
        after = [box, incarnation, ...place];
      }
      if (rows.length < SCAN_ROWS) return;
    }
  }
}
