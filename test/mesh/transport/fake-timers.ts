import type { Timers } from "../../../core/ports.ts";

interface Due {
  readonly at: number;
  readonly run: () => void;
}

/** Timers that fire only when the test moves the clock. */
export class FakeTimers implements Timers {
  private now = 0;
  private due: Due[] = [];

  after(milliseconds: number, run: () => void): { cancel(): void } {
    const due = { at: this.now + milliseconds, run };
    this.due.push(due);
    return { cancel: () => void (this.due = this.due.filter((other) => other !== due)) };
  }

  elapsed(): number {
    return this.now;
  }

  get waiting(): number {
    return this.due.length;
  }

  /** Moves the clock without firing anything: the process was paused. */
  sleep(milliseconds: number): void {
    this.now += milliseconds;
  }

  /** Fires what is due on the way, in order, and lets promises settle in between. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.now + milliseconds;
    await settle();
    for (let next = this.next(end); next !== undefined; next = this.next(end)) {
      this.due = this.due.filter((other) => other !== next);
      this.now = Math.max(this.now, next.at);
      next.run();
      await settle();
    }
    this.now = end;
  }

  private next(end: number): Due | undefined {
    return this.due.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await Promise.resolve();
}
