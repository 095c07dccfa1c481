import type { BoxId } from "../../core/ids.ts";
import type { Timers } from "../../core/ports.ts";
import type { Transport } from "../../mesh/transport/transport.ts";
import type { Drill, DrillWrites } from "../control/protocol.ts";

/** A box in a drill writes this often, to show that it can: wears no card and fills no journal, ms. */
const WRITE_INTERVAL_MS = 5_000;

export interface DrillSwitchDeps {
  readonly transport: Pick<Transport, "isolate" | "self">;
  readonly timers: Timers;
  readonly wallClock: () => number;
  /** Writes something that nobody sees; resolves when it is acknowledged. */
  readonly write: (box: BoxId) => Promise<void>;
}

/**
 * Practises an outage: cuts the mesh links of this box for a time, or only takes part in the drill of
 * another one. It ends by itself, whoever asked for it, and with the process.
 */
export class DrillSwitch {
  readonly #deps: DrillSwitchDeps;
  #timer: { cancel(): void } | undefined;
  #writeTimer: { cancel(): void } | undefined;
  #until: number | undefined;
  #writes: DrillWrites = NO_WRITES;

  constructor(deps: DrillSwitchDeps) {
    this.#deps = deps;
  }

  get state(): Drill {
    return { isolated: this.#until !== undefined, until: this.#until ?? null };
  }

  /** What this box wrote in its present or its last drill. */
  get writes(): DrillWrites {
    return this.#writes;
  }

  isolate(seconds: number): Drill {
    this.takePart(seconds);
    this.#until = this.#deps.wallClock() + seconds * 1000;
    this.#deps.transport.isolate(true);
    return this.state;
  }

  /** Writes now and then until the drill of another box is over. */
  takePart(seconds: number): void {
    this.stop();
    this.#writes = NO_WRITES;
    this.#timer = this.#deps.timers.after(seconds * 1000, () => this.heal());
    this.#writeNow();
  }

  heal(): Drill {
    this.stop();
    this.#until = undefined;
    this.#deps.transport.isolate(false);
    return this.state;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#writeTimer?.cancel();
  }

  #writeNow(): void {
    const { timers, write, transport } = this.#deps;
    const began = timers.elapsed();
    write(transport.self).then(
      () => this.#count({ accepted: 1, slowest_ms: Math.round(timers.elapsed() - began) }),
      () => this.#count({ refused: 1 }),
    );
    this.#writeTimer = timers.after(WRITE_INTERVAL_MS, () => this.#writeNow());
  }

  #count({ accepted = 0, refused = 0, slowest_ms = 0 }: Partial<DrillWrites>): void {
    this.#writes = {
      accepted: this.#writes.accepted + accepted,
      refused: this.#writes.refused + refused,
      slowest_ms: Math.max(this.#writes.slowest_ms, slowest_ms),
    };
  }
}

const NO_WRITES: DrillWrites = { accepted: 0, refused: 0, slowest_ms: 0 };
