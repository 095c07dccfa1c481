import { MatrixError } from "../../core/errors.ts";

/** When a client that found no place may ask again, in milliseconds: some pictures later. */
const RETRY_AFTER_MS = 2000;

/** Runs a bounded number of works at once and lets a bounded number wait. */
export class InTurn {
  readonly #atOnceMax: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(atOnceMax: number, waitingMax: number) {
    this.#atOnceMax = atOnceMax;
    this.#waitingMax = waitingMax;
  }

  /** Starts at once or in its turn; throws 429 M_LIMIT_EXCEEDED when too many wait already. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#atOnceMax) await this.#wait();
    else this.#running += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }

  /** A place is handed over, so `#running` stays as it is. */
  #wait(): Promise<void> {
    if (this.#waiting.length >= this.#waitingMax) {
      const extra = { retry_after_ms: RETRY_AFTER_MS };
      throw new MatrixError(429, "M_LIMIT_EXCEEDED", "too many images are waiting", extra);
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
