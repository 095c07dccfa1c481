import { appendFileSync } from "node:fs";

/** What was done when, since the start of the run: one line each, in a file and for who watches. */
export class Timeline {
  readonly file: string;
  readonly #print: (line: string) => void;
  readonly #startedAt = performance.now();

  constructor(file: string, print: (line: string) => void) {
    this.file = file;
    this.#print = print;
  }

  get seconds(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }

  note(text: string): void {
    const line = `${this.seconds.toFixed(1).padStart(7)} s  ${text}`;
    appendFileSync(this.file, `${line}\n`);
    this.#print(line);
  }
}
