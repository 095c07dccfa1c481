import type { Origin } from "../../core/vector.ts";
import { boxOf, includes, ofBox } from "../../core/vector.ts";
import type { Entry } from "../../mesh/journal/entry.ts";
import type { Ledger } from "../../mesh/journal/ledger.ts";

/** Entries that are taken over at a time: each time is a synced write. */
const BATCH_ENTRIES = 200;
/**
 * Characters of entries of one origin that are held until what they build upon has been read, some thousand
 * messages: the next origin needs room too. The rest is read again, with a look through the whole store.
 */
const HELD_CHARS_PER_ORIGIN_MAX = 2 ** 21;
/** The same of all origins together: a small box has room for some ten thousand messages. */
const HELD_CHARS_MAX = 2 ** 25;

export interface TakeOverDeps {
  readonly ledger: Pick<Ledger, "has" | "lastApplied" | "vector">;
  /** Resolves when what could be applied is on disk. */
  readonly take: (texts: readonly string[]) => Promise<void>;
}

/** What is read of an origin and not applied yet, in order. */
interface Queue {
  readonly entries: Entry[];
  chars: number;
  lastSeq: number;
  /** Nothing more of it can be taken: an entry is missing, was refused, or is one too many to hold. */
  isClosed: boolean;
}

/**
 * Applies entries that come origin by origin, each in order, while those of different origins build upon each
 * other: holds what cannot be applied yet, and goes on with it as soon as it can be.
 */
export class TakeOver {
  readonly #deps: TakeOverDeps;
  readonly #queues = new Map<Origin, Queue>();
  /** Those that hold something: there may be thousands of origins, and few of them wait. */
  readonly #waiting = new Set<Queue>();
  #batch: Entry[] = [];
  /** What is applied, and what will be with the batch. */
  #reached: Record<Origin, number>;
  #heldChars = 0;
  /** How many were applied, and how many are read that could not be. */
  taken = 0;
  left = 0;

  constructor(deps: TakeOverDeps) {
    this.#deps = deps;
    this.#reached = { ...deps.ledger.vector };
  }

  async add(entry: Entry): Promise<void> {
    const { origin, seq } = entry.transaction;
    if (this.#deps.ledger.has(entry.transaction)) return;
    const queue = this.#queueOf(origin);
    const isTooMuch = this.#heldChars > HELD_CHARS_MAX || queue.chars > HELD_CHARS_PER_ORIGIN_MAX;
    queue.isClosed ||= seq > queue.lastSeq + 1 || isTooMuch;
    if (queue.isClosed) {
      this.left++;
      return;
    }
    queue.entries.push(entry);
    queue.lastSeq = seq;
    queue.chars += entry.text.length;
    this.#heldChars += entry.text.length;
    if (this.#waiting.has(queue)) return;
    this.#waiting.add(queue);
    await this.#goOn();
  }

  /** Applies what is held and can be; the rest is left. */
  async end(): Promise<void> {
    do {
      await this.#flush();
      await this.#goOn();
    } while (this.#batch.length > 0);
    for (const queue of this.#waiting) this.#close(queue);
  }

  #queueOf(origin: Origin): Queue {
    let queue = this.#queues.get(origin);
    if (!queue) {
      const lastSeq = this.#deps.ledger.lastApplied(origin) ?? 0;
      queue = { entries: [], chars: 0, lastSeq, isClosed: false };
      this.#queues.set(origin, queue);
    }
    return queue;
  }

  /** Moves what builds upon nothing that is missing into batches, until nothing does any more. */
  async #goOn(): Promise<void> {
    let hasMoved = true;
    while (hasMoved) {
      hasMoved = false;
      for (const queue of this.#waiting) {
        while (this.#isReady(queue.entries[0])) {
          hasMoved = true;
          await this.#move(queue);
        }
        if (queue.entries.length === 0) this.#waiting.delete(queue);
      }
    }
  }

  #isReady(entry: Entry | undefined): entry is Entry {
    return entry !== undefined && includes(this.#reached, entry.transaction.deps);
  }

  async #move(queue: Queue): Promise<void> {
    const entry = queue.entries.shift();
    if (!entry) return;
    queue.chars -= entry.text.length;
    this.#heldChars -= entry.text.length;
    this.#batch.push(entry);
    const { origin, seq } = entry.transaction;
    // Only the ledger knows what else the first that is heard of a box makes known.
    const isNewBox = Object.keys(ofBox(boxOf(origin), this.#reached)).length === 0;
    this.#reached[origin] = seq;
    if (isNewBox || this.#batch.length >= BATCH_ENTRIES) await this.#flush();
  }

  async #flush(): Promise<void> {
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.#batch = [];
    await this.#deps.take(batch.map(({ text }) => text));
    for (const { transaction } of batch) {
      if (this.#deps.ledger.has(transaction)) {
        this.taken++;
        continue;
      }
      this.left++;
      this.#close(this.#queueOf(transaction.origin));
    }
    this.#reached = { ...this.#deps.ledger.vector };
  }

  #close(queue: Queue): void {
    this.left += queue.entries.length;
    this.#heldChars -= queue.chars;
    queue.entries.length = 0;
    queue.chars = 0;
    queue.isClosed = true;
    this.#waiting.delete(queue);
  }
}
