import { createHash } from "node:crypto";

/** Everything that happened, as one hash: the same seed must give the same. */
export class Trace {
  readonly #hash = createHash("sha256");
  readonly #lines: string[] | undefined;
  readonly #nowMs: () => number;

  constructor(nowMs: () => number, keep: boolean) {
    this.#nowMs = nowMs;
    this.#lines = keep ? [] : undefined;
  }

  note(what: string): void {
    const line = `${this.#nowMs().toFixed(3)} ${what}`;
    this.#hash.update(`${line}\n`);
    this.#lines?.push(line);
  }

  get lines(): readonly string[] {
    return this.#lines ?? [];
  }

  digest(): string {
    return this.#hash.copy().digest("hex");
  }
}
