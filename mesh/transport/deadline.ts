import type { Timers } from "../../core/ports.ts";
import { TransportError } from "./transport.ts";

/** An abort signal that fires with a `timeout` TransportError unless extended or cancelled. */
export class Deadline {
  private readonly timers: Timers;
  private readonly milliseconds: number;
  private readonly controller = new AbortController();
  private timer: { cancel(): void };

  constructor(timers: Timers, milliseconds: number) {
    this.timers = timers;
    this.milliseconds = milliseconds;
    this.timer = timers.after(milliseconds, () => this.fire());
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Starts the wait again. */
  extend(): void {
    this.timer.cancel();
    this.timer = this.timers.after(this.milliseconds, () => this.fire());
  }

  cancel(): void {
    this.timer.cancel();
  }

  private fire(): void {
    this.controller.abort(new TransportError("timeout", "No answer in time"));
  }
}
