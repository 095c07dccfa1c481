import type { BoxId } from "../../core/ids.ts";
import type { Logger, Timers } from "../../core/ports.ts";
import { includes } from "../../core/vector.ts";
import type { MeshNode } from "../../mesh/mesh-node.ts";
import { troubleText } from "../../mesh/store/disk-trouble.ts";
import type { RotNote } from "../../mesh/store/rot-note.ts";
import type { ScrubStatus, StoreStatus } from "../control/status.ts";

/** How often a box with a rotten store looks whether another one can replace it, milliseconds. */
const LOOK_INTERVAL_MS = 5000;
/** After a copy that failed, the next one is tried after this time, milliseconds: it may be large. */
const TRY_AGAIN_MS = 3_600_000;
/** No more often than this does a box restart on another store because of rot: a bad card rots every day. */
const REPLACE_INTERVAL_MS = 24 * 3_600_000;

const ALONE =
  "There is no other box to mend it from: keep a copy of the home folder on another disk, and put a backup back if there is one.";
const WAITING = "It is mended when a box is connected that is sound and has everything.";
const TRIED =
  "It was tried to mend it less than a day ago; the disk may be bad. It is tried again.";

export interface RotWatchDeps {
  /** Writes a note down; resolves when it is on disk. */
  readonly keep: (note: RotNote) => Promise<void>;
  /** The name of the store that the box runs on. */
  readonly store: string;
  readonly node: Pick<MeshNode, "replicator" | "renewal" | "ledger" | "memberIds">;
  /** What another box says of itself now. */
  readonly ask: (box: BoxId) => Promise<{ readonly isRotten: boolean } | undefined>;
  /** Is nothing else the matter with this box? */
  readonly isWell: () => boolean;
  readonly timers: Timers;
  readonly wallClock: () => number;
  readonly logger: Logger;
}

/**
 * What to do about rot: it is noted on disk, and when a sound box is connected that has everything, a copy
 * of its store replaces the one here. Until that copy is whole nothing is given up: the box serves what it
 * can, also for ever where it is alone.
 */
export class RotWatch {
  readonly #deps: RotWatchDeps;
  readonly #startedAt: number;
  #note: RotNote | undefined;
  #isNoted = true;
  #next = WAITING;
  #notBefore = 0;
  #trouble: string | undefined;
  #unread: string | undefined;
  #checkedMs: number | undefined;
  #timer: { cancel(): void } | undefined;
  #stopped = false;

  /** `note`: what was found in an earlier run. */
  constructor(deps: RotWatchDeps, note: RotNote | undefined) {
    this.#deps = deps;
    this.#startedAt = deps.timers.elapsed();
    this.#note = note;
  }

  /** `marked`: what had to be marked as unreadable before the store was opened. */
  start(marked?: string): void {
    if (this.#isRotten) {
      this.#deps.node.renewal.setRotten();
      this.#later();
    } else if (marked !== undefined) this.found(marked);
    else this.#noteMended();
  }

  #noteMended(): void {
    if (this.#note === undefined || this.#note.mendedMs !== undefined) return;
    this.#note = { ...this.#note, mendedMs: this.#deps.wallClock() };
    this.#deps.logger.warn({ what: this.#note.what }, "the rotten store was replaced");
    // What is not written down now is found to be so at the next start.
    this.#write().catch(() => undefined);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** Something that was found in the store on which the box runs. */
  found(what: string): void {
    if (this.#isRotten || this.#stopped) return;
    const { store, wallClock, logger, node } = this.#deps;
    const tried = this.#note?.triedMs;
    const earlier = tried === undefined ? {} : { triedMs: tried };
    this.#note = { store, what, foundMs: wallClock(), ...earlier };
    this.#isNoted = false;
    logger.error({ what }, "something on the disk has rotted");
    node.renewal.setRotten();
    this.#look();
  }

  /** Something that the disk does not read: that it fails says nothing about what is written on it. */
  unread(error: unknown): void {
    if (this.#unread === undefined) {
      this.#deps.logger.warn({ err: error }, "the disk did not read a file");
    }
    this.#unread = troubleText(error, "read");
  }

  /** A pass over everything has ended. */
  checked(): void {
    this.#checkedMs = this.#deps.wallClock();
    this.#trouble = this.#unread;
    this.#unread = undefined;
  }

  get isRotten(): boolean {
    return this.#isRotten;
  }

  /** What is the matter, for the owner. */
  get status(): StoreStatus | undefined {
    if (!this.#isRotten) return undefined;
    return { state: "rotten", note: `${this.#note?.what}. ${this.#next}` };
  }

  get report(): ScrubStatus {
    const { what, mendedMs } = this.#note ?? {};
    const isMended = what !== undefined && mendedMs !== undefined;
    return {
      checked: this.#checkedMs ?? null,
      trouble: this.#unread ?? this.#trouble ?? null,
      mended: isMended ? { what, at: mendedMs } : null,
    };
  }

  get #isRotten(): boolean {
    return this.#note?.store === this.#deps.store;
  }

  #later(): void {
    if (this.#stopped) return;
    this.#timer = this.#deps.timers.after(LOOK_INTERVAL_MS, () => this.#look());
  }

  #look(): void {
    this.#lookOnce()
      .catch((error: unknown) => {
        this.#deps.logger.warn({ err: error }, "a rotten store could not be replaced");
      })
      .finally(() => this.#later());
  }

  async #lookOnce(): Promise<void> {
    if (!this.#isNoted) await this.#write();
    const { timers, isWell, node } = this.#deps;
    if (node.memberIds().length === 1) this.#next = ALONE;
    else if (timers.elapsed() < this.#notBefore) return;
    else if (this.#isTooSoon()) this.#next = TRIED;
    else if (isWell()) await this.#replace();
  }

  /** By the clock of the box, and where that is wrong, by how long it has been running. */
  #isTooSoon(): boolean {
    const { timers, wallClock } = this.#deps;
    const tried = this.#note?.triedMs;
    if (tried === undefined) return false;
    const isLongAgo = wallClock() - tried >= REPLACE_INTERVAL_MS;
    return !isLongAgo && timers.elapsed() - this.#startedAt < REPLACE_INTERVAL_MS;
  }

  async #replace(): Promise<void> {
    const { node, timers, wallClock, keep } = this.#deps;
    const from = await this.#soundBox();
    if (this.#stopped || !this.#note) return;
    this.#next = WAITING;
    if (from === undefined) return;
    const before = this.#note;
    // First on disk: a box that dies of copying, or of what it copied, must not go on like that.
    const tried = { ...before, triedMs: wallClock() };
    await keep(tried);
    this.#note = tried;
    const problem = await node.renewal.replaceRotten(from);
    if (problem === undefined) {
      // The box is about to be restarted on it.
      this.#notBefore = timers.elapsed() + REPLACE_INTERVAL_MS;
      return;
    }
    this.#notBefore = timers.elapsed() + TRY_AGAIN_MS;
    this.#next = `The last try to mend it failed: ${problem}. It is tried again within the hour.`;
    this.#note = before;
    await this.#write();
  }

  async #soundBox(): Promise<BoxId | undefined> {
    const { node, ask } = this.#deps;
    for (const { box, vector, isForeign } of node.replicator.peers()) {
      if (isForeign || !includes(vector ?? {}, node.ledger.vector)) continue;
      if ((await ask(box))?.isRotten === false) return box;
    }
    return undefined;
  }

  async #write(): Promise<void> {
    if (this.#note) await this.#deps.keep(this.#note);
    this.#isNoted = true;
  }
}
