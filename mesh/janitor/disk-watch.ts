import type { Logger, Timers } from "../../core/ports.ts";
import { troubleText } from "../store/disk-trouble.ts";
import { STORE_ID_KEY } from "../store/mesh-keys.ts";
import type { StateStore } from "../store/overlay.ts";

/** How soon a disk that refused is tried again where nobody else writes, milliseconds. */
export const TRY_AGAIN_MS = 5000;

/** Tries a disk that refused a write again and again, so that a box recovers though nobody writes. */
export class DiskWatch {
  readonly #state: StateStore;
  readonly #timers: Timers;
  readonly #logger: Logger;
  #timer: { cancel(): void } | undefined;
  #stopped = false;

  constructor(state: StateStore, timers: Timers, logger: Logger) {
    this.#state = state;
    this.#timers = timers;
    this.#logger = logger;
    state.onFailed((error) => this.#failed(error));
  }

  /** Why the disk takes no writes, for people; nothing while it does. */
  get trouble(): string | undefined {
    const { failure } = this.#state;
    return failure === undefined ? undefined : troubleText(failure);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #failed(error: unknown): void {
    if (this.#stopped || this.#timer) return;
    this.#logger.warn({ err: error }, "the disk refused a write; it will be tried again");
    this.#tryLater();
  }

  #tryLater(): void {
    this.#timer = this.#timers.after(TRY_AGAIN_MS, () => {
      this.#tryNow()
        .catch(() => undefined)
        .finally(() => {
          if (this.#stopped) return;
          if (this.#state.failure !== undefined) return this.#tryLater();
          this.#timer = undefined;
          this.#logger.info({}, "the disk takes writes again");
        });
    });
  }

  /** Writes what is there already. */
  async #tryNow(): Promise<void> {
    const stage = this.#state.begin();
    try {
      stage.raw(STORE_ID_KEY, stage.rawGet(STORE_ID_KEY));
    } catch (error) {
      stage.abandon();
      throw error;
    }
    await this.#state.commit(stage);
  }
}
