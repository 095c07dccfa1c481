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
  /** What the program was last told by this box, while it is the keeper. */
  #told: string | undefined;
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
    const { sightings, timers, self, run } = this.#deps;
    if (!run && !sightings.isAsked) return;
    const { keepers, serving } = await sightings.look();
    for (const box of serving) this.#lastServed.set(box, timers.elapsed());
    this.#keepers = keepers.toSorted();
    if (this.#keepers[0] !== self) this.#handOver();
    // The program may take a minute, and others want to know whom this box hears meanwhile.
    else if (timers.elapsed() >= this.#notBefore && !this.#isRunning) void this.#tell();
  }

  /** What another box does from now on is not known here. */
  #handOver(): void {
    this.#told = undefined;
    this.#problem = undefined;
    this.#failures = 0;
  }

  async #tell(): Promise<void> {
    const { run, members, serverName, timers, logger, patienceMs } = this.#deps;
    const listed = new Set(this.#listed());
    // Names come from other boxes, and go to a shell script.
    const named = members().filter(({ name }) => boxName.test(name));
    const namesOf = (isListed: boolean): string[] =>
      named
        .filter(({ box }) => listed.has(box) === isListed)
        .map(({ name }) => name)
        .toSorted();
    const listing = { serverName, serving: namesOf(true), dark: namesOf(false) };
    const text = JSON.stringify(listing);
    if (!run || text === this.#told || listing.serving.length === 0) return;
    this.#isRunning = true;
    this.#problem = await run(listing, this.#stopping.signal);
    this.#isRunning = false;
    if (this.#stopping.signal.aborted) return;
    if (this.#problem === undefined) {
      logger.info(listing, "the program for DNS was told which boxes serve");
      this.#told = text;
      this.#failures = 0;
      // A box that comes and goes does not change the records at every turn.
      this.#notBefore = timers.elapsed() + patienceMs;
    } else {
      logger.warn({ ...listing, problem: this.#problem }, "the program for DNS failed");
      const wait = Math.min(AGAIN_MS_MAX, AGAIN_MS_MIN * 2 ** this.#failures++);
      this.#notBefore = timers.elapsed() + wait;
    }
  }
}
