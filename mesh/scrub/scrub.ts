import type { Logger, Timers } from "../../core/ports.ts";
import { READ_BYTES } from "./constants.ts";
import type { ScrubPace } from "./constants.ts";

const SECOND_MS = 1000;

export interface ScrubDeps {
  /** One pass over everything that is to be read; yields how many bytes were read, piece by piece. */
  readonly pass: () => AsyncIterable<number>;
  /** Called at the end of each pass that was not cut short. */
  readonly done: () => void;
  readonly pace: ScrubPace;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** Reads everything on the disk now and then, so slowly that nobody notices. */
export class Scrub {
  readonly #deps: ScrubDeps;
  #timer: { cancel(): void } | undefined;
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #stopped = false;

  constructor(deps: ScrubDeps) {
    this.#deps = deps;
  }

  start(): void {
    const { firstMs, intervalMs } = this.#deps.pace;
    this.#later(Math.min(firstMs, intervalMs));
  }

  /** Ends a pass at the next piece. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#wake?.();
    await this.#running;
  }

  #later(milliseconds: number): void {
    this.#timer = this.#deps.timers.after(milliseconds, () => {
      this.#running = this.#run();
    });
  }

  async #run(): Promise<void> {
    const { pass, pace, done, logger } = this.#deps;
    try {
      let bytes = 0;
      for await (const more of pass()) {
        if (this.#stopped) return;
        bytes += more;
        if (bytes < READ_BYTES) continue;
        await this.#pause((bytes / pace.bytesPerS) * SECOND_MS);
        if (this.#stopped) return;
        bytes = 0;
      }
      done();
    } catch (error) {
      logger.warn({ err: error }, "reading everything on the disk broke off");
    }
    if (!this.#stopped) this.#later(pace.intervalMs);
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#deps.timers.after(milliseconds, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }
}
