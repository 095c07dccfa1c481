import type { Logger } from "../../core/ports.ts";
import { setStoreAside } from "../../mesh/store/check.ts";
import { corruptionIn } from "../../mesh/store/disk-trouble.ts";

/**
 * A start that came upon rot would do so at every start. So the store is set aside: the next start fills a
 * new one from it and the other boxes. Rejects with the error, since what was started is still running.
 */
export async function failStart(home: string, error: unknown, log: Logger): Promise<never> {
  const rot = corruptionIn(error);
  if (rot !== undefined) {
    log.error({ rot }, "the store has rotted where a start reads it; it is set aside");
    await setStoreAside(home);
  }
  throw error;
}
