import type { SimResult } from "./simulate.ts";
import { sorted } from "./world.ts";

/** What many runs came to. */
export class Summary {
  seeds = 0;
  failed = 0;
  readonly #faults: Record<string, number> = {};
  readonly #requests: Record<string, number> = {};
  readonly #boxes: Record<string, number> = {};
  readonly #convergedMs: number[] = [];
  #events = 0;

  add({ violations, faults, requests, options, events, convergedMs }: SimResult): void {
    this.seeds++;
    if (violations.length > 0) this.failed++;
    for (const [kind, count] of Object.entries(faults)) addTo(this.#faults, kind, count);
    for (const [outcome, count] of Object.entries(requests)) addTo(this.#requests, outcome, count);
    addTo(this.#boxes, String(options.boxes), 1);
    this.#events += events;
    this.#convergedMs.push(convergedMs);
  }

  get line(): string {
    return `${this.seeds} seeds, ${this.failed} failed`;
  }

  /** The whole, a line each. */
  get text(): string {
    const list = (counts: Readonly<Record<string, number>>): string =>
      sorted(counts)
        .map(([name, count]) => `${name} ${count}`)
        .join(", ");
    const total = Object.values(this.#faults).reduce((sum, count) => sum + count, 0);
    const waits = this.#convergedMs.toSorted((a, b) => a - b);
    const at = (share: number): string =>
      ((waits[Math.floor((waits.length - 1) * share)] ?? 0) / 1000).toFixed(1);
    return [
      this.line,
      `boxes: ${list(this.#boxes)}`,
      `faults: ${total} (${list(this.#faults)})`,
      `requests: ${list(this.#requests)}`,
      `simulated events: ${this.#events}`,
      `seconds from healing to equal boxes: median ${at(0.5)}, 99 % ${at(0.99)}, longest ${at(1)}`,
    ].join("\n");
  }
}

function addTo(counts: Record<string, number>, name: string, by: number): void {
  counts[name] = (counts[name] ?? 0) + by;
}
