import type { BoxId } from "../../core/ids.ts";
import type { Logger, Timers } from "../../core/ports.ts";
import type { BoxRecord } from "../../mesh/membership/membership.ts";
import { boxName } from "../config/text-rules.ts";
import type { DnsStatus } from "../control/status.ts";
import type { Listing } from "./program.ts";
import type { Sightings } from "./sightings.ts";

type RunProgram = (listing: Listing, signal: AbortSignal) => Promise<string | undefined>;

export interface DnsKeeperDeps {
  readonly self: BoxId;
  readonly serverName: string;
  readonly sightings: Pick<Sightings, "look" | "isAsked">;
  readonly members: () => readonly BoxRecord[];
  /** Does a drill cut this box off now? */
  readonly isIsolated: () => boolean;
  /** Resolves with why it failed, for people. Undefined where the owner has no program. */
  readonly run: RunProgram | undefined;
  /** A box is listed until nobody has heard that it serves for so long, milliseconds. */
  readonly patienceMs: number;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** From one look to the next, milliseconds: a few bytes to each box. */
const LOOK_MS_MAX = 5000;
/** After the program failed it runs again, first after the shorter time, then doubled, milliseconds. */
const AGAIN_MS_MIN = 30_000;
const AGAIN_MS_MAX = 3_600_000;
/**
 * The program is told the same again after so long, milliseconds: a home's address may have changed, or somebody
 * the records. Providers ask to be told what has not changed no more often than every ten minutes.
 */
const TELL_AGAIN_MS = 600_000;

/**
 * Tells a program of the owner's which boxes clients should be sent to, whenever that changes: a client that
 * tries the address of a dark home first may wait for half a minute. Of the boxes that serve, see each other and
 * have a program, the one with the lowest ID does so. Two sides of a split each name their own boxes, all of which
 * serve, and once they meet one names all.
 */
export class DnsKeeper {
  readonly #deps: DnsKeeperDeps;
  /** `timers.elapsed()` when a box was last known to serve; at the start all get the benefit of doubt. */
  readonly #lastServed = new Map<BoxId, number>();
  #since = Number.POSITIVE_INFINITY;
  /** Boxes that could keep the records now; the first one does. */
  #keepers: readonly BoxId[] = [];
  /** What this box told the program last, and when; undefined where the records may say something else. */
  #told: { readonly text: string; readonly at: number } | undefined;
  #problem: string | undefined;
  #failures = 0;
  #notBefore = 0;
  #timer: { cancel(): void } | undefined;
  readonly #stopping = new AbortController();
  #isRunning = false;

  constructor(deps: DnsKeeperDeps) {
    this.#deps = deps;
  }

  start(): void {
    const { timers, patienceMs, logger } = this.#deps;
    this.#since = timers.elapsed();
    this.#notBefore = this.#since + patienceMs;
    const again = (): void => {
      if (this.#stopping.signal.aborted) return;
      this.#timer = timers.after(Math.min(LOOK_MS_MAX, patienceMs / 2), look);
    };
    const look = (): void => {
      this.#look()
        .catch((error: unknown) => logger.warn({ err: error }, "who serves was not looked at"))
        .finally(again);
    };
    look();
  }

  /** Do clients find this box? */
  get isStarted(): boolean {
    return Number.isFinite(this.#since) && !this.#stopping.signal.aborted;
  }

  /** Ends the program, if it runs. */
  stop(): void {
    this.#stopping.abort();
    this.#timer?.cancel();
  }

  /** Nothing where this box has no program. */
  report(): DnsStatus | null {
    if (!this.#deps.run) return null;
    const { [0]: keeper = null } = this.#keepers;
    return { keeper, listed: this.#listed(), problem: this.#problem ?? null };
  }

  #listed(): BoxId[] {
    const { members, timers, patienceMs } = this.#deps;
    const horizon = timers.elapsed() - patienceMs;
    return members()
      .map(({ box }) => box)
      .filter((box) => (this.#lastServed.get(box) ?? this.#since) >= horizon);
  }

  async #look(): Promise<void> {
    const { sightings, timers, self, run, isIsolated, patienceMs, logger } = this.#deps;
    if (!run && !sightings.isAsked) return;
    const { keepers, serving } = await sightings.look();
    for (const box of serving) this.#lastServed.set(box, timers.elapsed());
    // Out of sight, a box may have taken this one for dark and told its program so.
    if (keepers.some((box) => !this.#keepers.includes(box))) this.#doubt();
    // A box that only practises to be alone leaves the records to the others.
    this.#keepers = isIsolated() ? [] : keepers.toSorted();
    if (this.#keepers[0] !== self) {
      this.#doubt();
      this.#problem = undefined;
      // As after the start: it has to hear the others first.
      if (isIsolated()) this.#notBefore = timers.elapsed() + patienceMs;
    } else if (timers.elapsed() >= this.#notBefore && !this.#isRunning) {
      // The program may take a minute, and others want to know whom this box hears meanwhile.
      this.#tell().catch((error: unknown) => logger.warn({ err: error }, "DNS was not told"));
    }
  }

  /** What the records say now is not known here, and what failed may work. */
  #doubt(): void {
    const { timers, patienceMs } = this.#deps;
    this.#told = undefined;
    this.#failures = 0;
    this.#notBefore = Math.min(this.#notBefore, timers.elapsed() + patienceMs);
  }

  #listing(): Listing {
    const { members, serverName } = this.#deps;
    const listed = new Set(this.#listed());
    // Names come from other boxes, and go to a shell script.
    const named = members().filter(({ name }) => boxName.test(name));
    const namesOf = (isListed: boolean): string[] =>
      named
        .filter(({ box }) => listed.has(box) === isListed)
        .map(({ name }) => name)
        .toSorted();
    return { serverName, serving: namesOf(true), dark: namesOf(false) };
  }

  async #tell(): Promise<void> {
    const { run, timers, logger, patienceMs } = this.#deps;
    const listing = this.#listing();
    const text = JSON.stringify(listing);
    const now = timers.elapsed();
    const isNews = text !== this.#told?.text;
    if (!isNews && now - (this.#told?.at ?? 0) < TELL_AGAIN_MS) return;
    if (!run || listing.serving.length === 0) return;
    this.#isRunning = true;
    // Noted before it runs: what comes into doubt meanwhile stays so.
    this.#told = { text, at: now };
    try {
      this.#problem = await run(listing, this.#stopping.signal);
    } catch (error) {
      this.#problem = String(error);
    }
    this.#isRunning = false;
    if (this.#stopping.signal.aborted) return;
    if (this.#problem === undefined) {
      if (isNews) logger.info({ ...listing }, "the program for DNS was told which boxes serve");
      this.#failures = 0;
      // A box that comes and goes does not change the records at every turn.
      this.#notBefore = timers.elapsed() + patienceMs;
    } else {
      logger.warn({ ...listing, problem: this.#problem }, "the program for DNS failed");
      // It may have done a part, and another box all.
      this.#told = undefined;
      const wait = Math.min(AGAIN_MS_MAX, AGAIN_MS_MIN * 2 ** this.#failures++);
      this.#notBefore = timers.elapsed() + wait;
    }
  }
}
