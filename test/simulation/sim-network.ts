import type { BoxId } from "../../core/ids.ts";
import type { Prng } from "./prng.ts";
import type { SimClock } from "./sim-clock.ts";
import { SimLink } from "./sim-link.ts";
import type { SimTransport } from "./sim-transport.ts";

/** How the links are on an ordinary day. */
export interface Weather {
  /** One way, milliseconds; the spread is drawn for each message. */
  readonly delayMs: number;
  readonly jitterMs: number;
  /** Shares of gossip messages that are lost or come twice. */
  readonly gossipLoss: number;
  readonly gossipTwice: number;
  /** A peer that says nothing is given up after this long, drawn for each end. */
  readonly silenceMs: readonly [min: number, max: number];
  /** A box that has no link tries again after this long. */
  readonly redialMs: readonly [min: number, max: number];
}

/**
 * The network between the boxes. A path leads one way and is open or blocked; what is sent on a link
 * while its path is blocked waits, as TCP would retransmit it, until a box gives the link up.
 */
export class SimNetwork {
  readonly clock: SimClock;
  readonly prng: Prng;
  weather: Weather;
  readonly #boxes = new Map<BoxId, SimTransport>();
  readonly #blocked = new Set<string>();
  readonly #links = new Set<SimLink>();

  constructor(clock: SimClock, prng: Prng, weather: Weather) {
    this.clock = clock;
    this.prng = prng;
    this.weather = weather;
  }

  /** A life of a box begins; the one before is gone. */
  attach(transport: SimTransport): void {
    this.#boxes.set(transport.self, transport);
  }

  at(box: BoxId): SimTransport | undefined {
    return this.#boxes.get(box);
  }

  boxes(): SimTransport[] {
    return [...this.#boxes.values()];
  }

  delay(): number {
    return this.weather.delayMs + this.prng.next() * this.weather.jitterMs;
  }

  draw([min, max]: readonly [min: number, max: number]): number {
    return this.prng.between(min, max);
  }

  block(from: BoxId, to: BoxId): void {
    this.#blocked.add(`${from}>${to}`);
    this.watch();
  }

  open(from: BoxId, to: BoxId): void {
    if (this.#blocked.delete(`${from}>${to}`)) this.#wake();
  }

  heal(): void {
    this.#blocked.clear();
    this.#wake();
  }

  isOpen(from: BoxId, to: BoxId): boolean {
    return !this.#blocked.has(`${from}>${to}`);
  }

  /** Can both talk to each other now? */
  areInTouch(a: SimTransport, b: SimTransport): boolean {
    if (!a.isAwake || !b.isAwake) return false;
    return this.isOpen(a.self, b.self) && this.isOpen(b.self, a.self);
  }

  /** A box has dialled another one with success: whatever link they had before is over. */
  establish(dialler: SimTransport, other: SimTransport): void {
    const link = new SimLink(this, dialler, other);
    this.#links.add(link);
    link.open();
  }

  forget(link: SimLink): void {
    this.#links.delete(link);
  }

  /** Something may have fallen silent: the ends of its links begin to wonder. */
  watch(): void {
    for (const link of this.#links) link.watch();
  }

  /** A box woke up or a path is open again. */
  wake(): void {
    this.#wake();
  }

  #wake(): void {
    for (const link of this.#links) link.wake();
  }
}
