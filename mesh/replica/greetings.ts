import type { BoxId } from "../../core/ids.ts";
import type { Timers } from "../../core/ports.ts";
import { boxOf } from "../../core/vector.ts";
import type { Origin, Vector } from "../../core/vector.ts";
import type { Member, Transport, Unsubscribe } from "../transport/transport.ts";
import { CHANNEL } from "./constants.ts";
import { decodeFrame, encodeFrame } from "./frames.ts";
import { REPLICATION_PROTOCOL } from "./protocol.ts";

/** A box that knows its past and the time waits this long at most for others that may know better. */
export const GREETINGS_WAIT_MS = 1000;
/**
 * A box that may have lost its memory, or has no clock, waits longer: alone it may begin a life that the
 * others take for one that is over. Links come within seconds where there are any.
 */
export const GREETINGS_WAIT_DOUBTFUL_MS = 5000;
/** Once one of them has been heard, which mostly knows all, the rest is waited for this long. */
export const GREETINGS_WAIT_HEARD_MS = 2000;
/** From one look at the clock to the next: it may be set meanwhile. */
const LOOK_EVERY_MS = 100;

export interface GreetingsDeps {
  readonly transport: Transport;
  readonly timers: Timers;
  /** The other boxes. */
  readonly others: readonly Member[];
  /** What this box has on disk. */
  readonly vector: Vector;
  /** May this box be wrong about its own past? Asked again while it waits. */
  readonly isDoubtful: () => boolean;
}

/** Meets them. Nobody is asked where there is nobody. */
export async function greet(deps: GreetingsDeps): Promise<Greetings | undefined> {
  if (deps.others.length === 0) return undefined;
  const greetings = new Greetings(deps);
  await greetings.exchange();
  return greetings;
}

/**
 * Meets the other boxes before a life of this one begins, since they may know of lives of it that are
 * forgotten here. What they say first is kept for the replicator.
 */
export class Greetings {
  readonly #deps: GreetingsDeps;
  readonly #hellos = new Map<BoxId, Uint8Array>();
  readonly #unsubscribe: readonly Unsubscribe[];
  #look: () => void = () => undefined;

  constructor(deps: GreetingsDeps) {
    this.#deps = deps;
    const { transport } = deps;
    this.#unsubscribe = [
      transport.onFrame(CHANNEL, (from, bytes) => {
        if (decodeFrame(bytes)?.kind !== "hello") return;
        this.#hellos.set(from, bytes);
        this.#look();
      }),
      transport.onLink(({ kind, box }) => {
        if (kind === "down") this.#hellos.delete(box);
        else this.#sayHello(box);
      }),
    ];
  }

  /** The other one may be starting as well, and wait for this word. The replicator says it again. */
  #sayHello(box: BoxId): void {
    const { transport, vector } = this.#deps;
    const hello = encodeFrame({ kind: "hello", speaks: REPLICATION_PROTOCOL, vector });
    // A link that went down meanwhile comes up again, and with it the next hello.
    transport.send(box, CHANNEL, hello).catch(() => undefined);
  }

  /** Starts the transport; resolves when all other boxes have said hello, or have had the time to. */
  async exchange(): Promise<void> {
    const { transport, timers, others } = this.#deps;
    transport.setMembers(others);
    await transport.start();
    const since = timers.elapsed();
    await new Promise<void>((resolve) => {
      let timer: { cancel(): void } | undefined;
      this.#look = () => {
        timer?.cancel();
        const isOver = timers.elapsed() - since >= this.#waitMs();
        if (isOver || this.#hellos.size >= others.length) return resolve();
        timer = timers.after(LOOK_EVERY_MS, this.#look);
      };
      this.#look();
    });
    this.#look = () => undefined;
  }

  /** Is a box linked that has anything? */
  get hasMet(): boolean {
    return this.known().length > 0;
  }

  /** After `exchange`, and in place of `handOver`: tells once when a box says hello that has anything. */
  onceMet(listener: () => void): void {
    this.#look = () => {
      if (!this.hasMet) return;
      this.#look = () => undefined;
      listener();
    };
    this.#look();
  }

  #waitMs(): number {
    if (!this.#deps.isDoubtful()) return GREETINGS_WAIT_MS;
    return this.#hellos.size > 0 ? GREETINGS_WAIT_HEARD_MS : GREETINGS_WAIT_DOUBTFUL_MS;
  }

  /** The lives of this box that others have heard of. */
  lives(): Origin[] {
    const { self } = this.#deps.transport;
    return this.known().filter((origin) => boxOf(origin) === self);
  }

  /** All lives that others have named. */
  known(): Origin[] {
    return [...this.#hellos.values()].flatMap((bytes) => {
      const frame = decodeFrame(bytes);
      return frame?.kind === "hello" ? (Object.keys(frame.vector) as Origin[]) : [];
    });
  }

  /** The hellos of boxes that are linked; from here on frames are for whoever asked for them. */
  handOver(): ReadonlyMap<BoxId, Uint8Array> {
    for (const off of this.#unsubscribe) off();
    return this.#hellos;
  }
}
