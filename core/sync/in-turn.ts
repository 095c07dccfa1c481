import { ROOMS_AT_ONCE } from "./constants.ts";

/** Runs a task for each item, a few at a time. The first failure is thrown once all have settled. */
export async function inTurn<T>(
  items: readonly T[],
  task: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  const workers = Array.from({ length: Math.min(ROOMS_AT_ONCE, items.length) }, async () => {
    for (const item of rest) await task(item);
  });
  const failed = (await Promise.allSettled(workers)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}
