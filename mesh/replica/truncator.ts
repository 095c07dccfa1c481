import type { BoxId } from "../../core/ids.ts";
import { parseBoxId } from "../../core/ids.ts";
import { parseJson } from "../../core/json.ts";
import { parseVector } from "../../core/vector.ts";
import type { Origin, Vector } from "../../core/vector.ts";
import { hashOfEntry } from "../journal/entry.ts";
import type { Cut } from "../journal/extent.ts";
import { HEARD_PREFIX, heardKey, rowsUnder } from "../store/mesh-keys.ts";
import type { StateStore } from "../store/overlay.ts";
import type { Store } from "../store/store.ts";
import { readBatch } from "./batch.ts";
import type { Batch, Want } from "./batch.ts";
import { covered, heldByAll, heldByMost } from "./confirmed.ts";
import type { Holdings } from "./confirmed.ts";
import { CUT_BATCHES_MAX, HEARD_BOXES_MAX, JOURNAL_SLACK_TIMES } from "./constants.ts";
import type { UpkeepDeps } from "./upkeep.ts";

/** How much of the journal stays. */
export interface JournalLimits {
  /** The newest entries stay, for boxes that were away for a while: a week of a busy family. */
  readonly keepEntries: number;
  /** Their text, UTF-16 units: three times the typical length. */
  readonly keepLength: number;
  /** Of what a member lacks, so much stays; beyond it, copying a whole store is the shorter way. */
  readonly heldEntries: number;
  /** Its text, UTF-16 units. */
  readonly heldLength: number;
  /** From one look at what may go to the next, milliseconds. */
  readonly lookMs: number;
}

export const JOURNAL_LIMITS: JournalLimits = {
  keepEntries: 20_000,
  keepLength: 64 * 1024 * 1024,
  heldEntries: 200_000,
  heldLength: 256 * 1024 * 1024,
  lookMs: 10_000,
};

/** How long the journal is, and for whom it is so long. */
export interface JournalReport {
  readonly entries: number;
  readonly length: number;
  /** Members for which entries are kept that could go otherwise, and how many they lack. */
  readonly heldFor: ReadonlyMap<BoxId, number>;
}

export interface TruncatorDeps extends UpkeepDeps {
  readonly state: StateStore;
  readonly store: Store;
  readonly self: BoxId;
  readonly limits: JournalLimits;
}

/**
 * Drops the oldest journal entries once every member has them on disk, but for a tail that is kept.
 * 1. What a member lacks stays, up to a limit; then it goes if `heldByMost` allows it.
 * 2. A box that is alone keeps all: its journal is what a damaged store is built from again.
 * 3. Cutting is rare and comes in batches: a deleted row costs a write as well.
 */
export class Truncator {
  readonly #deps: TruncatorDeps;
  readonly #heard = new Map<BoxId, Vector>();
  /** As in the store. */
  readonly #stored = new Map<BoxId, string>();
  #timer: { cancel(): void } | undefined;
  #running: Promise<void> | undefined;
  #stopped = true;

  constructor(deps: TruncatorDeps) {
    this.#deps = deps;
    deps.ledger.onFlushed(() => this.#lookLater());
  }

  async start(): Promise<void> {
    const range = { ...rowsUnder(HEARD_PREFIX), limit: HEARD_BOXES_MAX };
    for (const [key, text] of await this.#deps.store.range(range)) {
      const box = parseBoxId(key.slice(HEARD_PREFIX.length));
      const vector = parseVector(parseJson(text));
      if (box === undefined || vector === undefined) continue;
      this.#stored.set(box, text);
      // What a box has said since the start is newer.
      if (!this.#heard.has(box)) this.#heard.set(box, vector);
    }
    this.#stopped = false;
    this.#lookLater();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.settled();
  }

  /** Resolves when no cut is under way. */
  async settled(): Promise<void> {
    await this.#running;
  }

  /** A connected box has said what it has on disk. It may be less than before: its disk went back. */
  heard(box: BoxId, vector: Vector): void {
    this.#heard.set(box, vector);
    this.#lookLater();
  }

  report(): JournalReport {
    const { ledger, self, limits, members } = this.#deps;
    const positions = ledger.positions();
    const entries = ledger.extent.count(positions);
    const heldFor = new Map<BoxId, number>();
    for (const box of members()) {
      if (box === self) continue;
      let lacks = 0;
      for (const [origin, seq] of positions) {
        const has = covered(this.#heard.get(box) ?? {}, origin, seq);
        lacks += seq - Math.max(has, ledger.extent.floorOf(origin));
      }
      if (lacks > limits.keepEntries) heldFor.set(box, lacks);
    }
    return { entries, length: ledger.extent.length, heldFor };
  }

  #lookLater(): void {
    if (this.#stopped || this.#timer) return;
    this.#timer = this.#deps.timers.after(this.#deps.limits.lookMs, () => {
      this.#running = this.#cut()
        .catch((error: unknown) => {
          this.#deps.logger.warn({ err: error }, "the journal was not cut");
        })
        .finally(() => {
          this.#timer = undefined;
          this.#running = undefined;
        });
    });
  }

  /** Is the journal longer than this many times the limit? */
  #exceeds(entriesMax: number, lengthMax: number, times = 1): boolean {
    const { extent } = this.#deps.ledger;
    const entries = extent.count(this.#deps.ledger.positions());
    return entries > entriesMax * times || extent.length > lengthMax * times;
  }

  async #cut(): Promise<void> {
    const { ledger, limits, members, isWhole, logger } = this.#deps;
    const { keepEntries, keepLength, heldEntries, heldLength } = limits;
    if (!this.#exceeds(keepEntries, keepLength, JOURNAL_SLACK_TIMES)) return;
    const isFarOver = this.#exceeds(heldEntries, heldLength, JOURNAL_SLACK_TIMES);
    let dropped = 0;
    for (let batches = 0; batches < CUT_BATCHES_MAX && !this.#stopped; batches++) {
      if (members().length < 2 || !isWhole() || !this.#exceeds(keepEntries, keepLength)) break;
      const isOver = isFarOver && this.#exceeds(heldEntries, heldLength);
      const excess = ledger.extent.count(ledger.positions()) - (isOver ? heldEntries : keepEntries);
      const wants = this.#droppable(isOver);
      const batch = await readBatch(ledger, wants, excess > 0 ? excess : undefined);
      if (batch.texts.length === 0) break;
      await this.#drop(batch);
      dropped += batch.texts.length;
    }
    if (dropped > 0) logger.info({ dropped }, "dropped journal entries that the other boxes have");
  }

  /** The entries that may go, of each origin; `isOver`: also what a member lacks. */
  #droppable(isOver: boolean): Want[] {
    const { ledger, self, members } = this.#deps;
    const holdings: Holdings = {
      self,
      here: ledger.vector,
      members: members(),
      heard: this.#heard,
    };
    const positions = ledger.positions();
    const wants: Want[] = [];
    for (const [origin, seq] of positions) {
      const from = ledger.extent.floorOf(origin) + 1;
      if (from > seq) continue;
      const all = heldByAll(holdings, origin, seq);
      const to = isOver ? Math.max(all, heldByMost(holdings, origin, seq)) : all;
      if (to >= from) wants.push([origin, from, to]);
    }
    return wants;
  }

  async #drop(batch: Batch): Promise<void> {
    const { ledger, state } = this.#deps;
    const stage = state.begin();
    ledger.extent.cut(
      stage,
      cutsOf(batch, (origin) => ledger.extent.floorOf(origin) + 1),
    );
    const news = this.#deps.members().flatMap((box) => {
      const text = JSON.stringify(this.#heard.get(box));
      return text === undefined || this.#stored.get(box) === text ? [] : [[box, text] as const];
    });
    for (const [box, text] of news) stage.raw(heardKey(box), text);
    await state.commit(stage);
    ledger.extent.settle();
    for (const [box, text] of news) this.#stored.set(box, text);
  }
}

function cutsOf({ texts, origins, through }: Batch, fromOf: (origin: Origin) => number): Cut[] {
  const lengths = new Map<Origin, number>();
  const last = new Map<Origin, string>();
  texts.forEach((text, i) => {
    const origin = origins[i];
    if (origin === undefined) return;
    lengths.set(origin, (lengths.get(origin) ?? 0) + text.length);
    last.set(origin, text);
  });
  return [...through].map(([origin, seq]) => ({
    origin,
    from: fromOf(origin),
    through: { seq, hash: hashOfEntry(last.get(origin) ?? "") },
    length: lengths.get(origin) ?? 0,
  }));
}
