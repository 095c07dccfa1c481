import type { Timers } from "../../core/ports.ts";

/** Timers that fire at once; `meanwhile` is what happens while they were to run. */
export function instantTimers(meanwhile: () => void | Promise<unknown> = () => undefined): Timers {
  let elapsedMs = 0;
  return {
    after(ms, run) {
      elapsedMs += ms;
      void Promise.resolve(meanwhile()).then(run);
      return { cancel: () => undefined };
    },
    elapsed: () => elapsedMs,
  };
}
