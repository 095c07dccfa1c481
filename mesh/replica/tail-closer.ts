import type { BoxId } from "../../core/ids.ts";
import type { Command, Runner } from "../../core/ports.ts";
import { closedOrigins } from "../../core/tables.ts";
import { boxOf, floorOf, incarnationOf, includes, ofBox } from "../../core/vector.ts";
import type { Origin, Vector } from "../../core/vector.ts";
import type { UpkeepDeps } from "./upkeep.ts";

/** Earlier lives closed by one transaction; more wait for the next round. */
const CLOSED_AT_ONCE_MAX = 500;
/**
 * What an earlier life had sent before it ended is on a disk or lost by now, so that what boxes say
 * from then on counts, milliseconds.
 */
export const TAILS_LAND_MS = 10_000;
/** What was left open, since the disk refused or it was too much, is tried again after this long, milliseconds. */
export const CLOSE_AGAIN_MS = 30_000;

export interface Tail {
  readonly origin: Origin;
  readonly seq: number;
}

/**
 * The earlier lives of this box whose end is certain: every other member has said, knowing of this
 * life, what it has of this box, and nothing of that is missing here. Before the first one that is
 * known there was none, and vectors need not name any of them more. `heard`: what each box last said.
 */
export function certainTails(
  life: Origin,
  here: { readonly vector: Vector; positions(): ReadonlyMap<Origin, number> },
  members: readonly BoxId[],
  heard: ReadonlyMap<BoxId, Vector>,
): Tail[] {
  const self = boxOf(life);
  for (const box of members) {
    if (box === self) continue;
    const said = heard.get(box);
    // Who knows of this life lets nothing of an earlier one wait in memory any more.
    if (said?.[life] === undefined || !includes(here.vector, ofBox(self, said))) return [];
  }
  const tails: Tail[] = [{ origin: floorOf(self), seq: 0 }];
  for (const [origin, seq] of here.positions()) {
    if (boxOf(origin) !== self || incarnationOf(origin) >= incarnationOf(life)) continue;
    tails.push({ origin, seq });
  }
  return tails;
}

export const closeTails: Command<readonly Tail[], void> = (draft, tails) => {
  for (const { origin, seq } of tails) {
    if (draft.get(closedOrigins, [origin]) === undefined) {
      draft.stage({ kind: "close", origin, seq });
    }
  }
};

export interface TailCloserDeps extends UpkeepDeps {
  readonly runner: Runner;
}

/** Closes the earlier lives of this box once their ends are certain, which keeps vectors small. */
export class TailCloser {
  readonly #deps: TailCloserDeps;
  readonly #heard = new Map<BoxId, Vector>();
  #landed = false;
  #closing = false;
  #timer: { cancel(): void } | undefined;

  constructor(deps: TailCloserDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#timer = this.#deps.timers.after(TAILS_LAND_MS, () => {
      this.#landed = true;
      this.#closeUntilDone();
    });
  }

  /** A box that is alone hears nobody who would make it look again. */
  #closeUntilDone(): void {
    this.#close();
    if (!this.#deps.ledger.hasOpenLives) return;
    this.#timer = this.#deps.timers.after(CLOSE_AGAIN_MS, () => this.#closeUntilDone());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#landed = false;
  }

  /** A connected box has said what it has on disk. */
  heard(box: BoxId, vector: Vector): void {
    if (!this.#landed) return;
    this.#heard.set(box, vector);
    this.#close();
  }

  #close(): void {
    const { ledger, runner, members, logger, isWhole } = this.#deps;
    if (this.#closing || !ledger.hasOpenLives || !isWhole()) return;
    const tails = certainTails(ledger.life, ledger, members(), this.#heard);
    const open = tails.filter(({ origin }) => ledger.closedAt(origin) === undefined);
    if (open.length === 0) return;
    this.#closing = true;
    runner
      .run(closeTails, open.slice(0, CLOSED_AT_ONCE_MAX))
      .catch((error: unknown) => logger.warn({ err: error }, "could not close earlier lives"))
      .finally(() => (this.#closing = false));
  }
}
