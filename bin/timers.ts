import type { Timers } from "../core/ports.ts";

/** The machine's timers. They keep the process alive, as what waits for them matters. */
export const systemTimers: Timers = {
  after: (milliseconds, run) => {
    const timer = setTimeout(run, milliseconds);
    return { cancel: () => clearTimeout(timer) };
  },
  elapsed: () => performance.now(),
};
