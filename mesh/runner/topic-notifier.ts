import { unavailable } from "../../core/errors.ts";
import type { Notifier, Timers, WakeTopic } from "../../core/ports.ts";

/** Requests that may wait at one time: a long poll for each device of a big family, many times over. */
const WAITERS_MAX = 5000;

/** Wakes the long polls whose topics were touched. */
export class TopicNotifier implements Notifier {
  readonly #timers: Timers;
  readonly #waiters = new Map<WakeTopic, Set<() => void>>();
  #waiting = 0;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  wait(topics: Iterable<WakeTopic>, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    if (this.#waiting >= WAITERS_MAX) {
      throw unavailable("Too many requests wait on this box; try another one.");
    }
    const wanted = new Set(topics);
    this.#waiting++;
    return new Promise((resolve) => {
      const finish = (touched: boolean): void => {
        timer.cancel();
        signal.removeEventListener("abort", giveUp);
        this.#forget(wanted, wake);
        resolve(touched);
      };
      const wake = (): void => finish(true);
      const giveUp = (): void => finish(false);
      const timer = this.#timers.after(timeoutMs, giveUp);
      signal.addEventListener("abort", giveUp, { once: true });
      for (const topic of wanted) {
        const waiters = this.#waiters.get(topic) ?? new Set();
        waiters.add(wake);
        this.#waiters.set(topic, waiters);
      }
    });
  }

  touch(topics: Iterable<WakeTopic>): void {
    const woken = new Set<() => void>();
    for (const topic of topics) for (const wake of this.#waiters.get(topic) ?? []) woken.add(wake);
    for (const wake of woken) wake();
  }

  #forget(topics: ReadonlySet<WakeTopic>, wake: () => void): void {
    this.#waiting--;
    for (const topic of topics) {
      const waiters = this.#waiters.get(topic);
      waiters?.delete(wake);
      if (waiters?.size === 0) this.#waiters.delete(topic);
    }
  }
}
