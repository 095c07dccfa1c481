import type { Timers } from "../../core/ports.ts";
import type { Transport } from "../../mesh/transport/transport.ts";
import type { Drill } from "../control/protocol.ts";

/** Practises an outage: cuts the mesh links of this box for a time. */
export class DrillSwitch {
  readonly #transport: Transport;
  readonly #timers: Timers;
  readonly #wallClock: () => number;
  #timer: { cancel(): void } | undefined;
  #until: number | undefined;

  constructor(transport: Transport, timers: Timers, wallClock: () => number) {
    this.#transport = transport;
    this.#timers = timers;
    this.#wallClock = wallClock;
  }

  get state(): Drill {
    return { isolated: this.#until !== undefined, until: this.#until ?? null };
  }

  isolate(seconds: number): Drill {
    this.#timer?.cancel();
    this.#until = this.#wallClock() + seconds * 1000;
    this.#transport.isolate(true);
    this.#timer = this.#timers.after(seconds * 1000, () => this.heal());
    return this.state;
  }

  heal(): Drill {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#until = undefined;
    this.#transport.isolate(false);
    return this.state;
  }

  stop(): void {
    this.#timer?.cancel();
  }
}
