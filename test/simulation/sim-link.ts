import type { BoxId } from "../../core/ids.ts";
import type { Channel } from "../../mesh/transport/transport.ts";
import type { SimNetwork } from "./sim-network.ts";
import type { SimTransport } from "./sim-transport.ts";

interface Frame {
  readonly channel: Channel;
  readonly bytes: Uint8Array;
  /** Earliest arrival. */
  readonly atMs: number;
}

/** One end of a link, in one life of one box. */
export interface LinkEnd {
  readonly owner: SimTransport;
  readonly peer: BoxId;
  readonly link: SimLink;
  /** Announced to the owner. */
  up: boolean;
  closed: boolean;
  /** Under way to this end, in order. */
  readonly inbound: Frame[];
  lastArrivalMs: number;
  isDelivering: boolean;
}

/** A connection of two boxes: ordered and reliable while it lives, and each end notices its death alone. */
export class SimLink {
  readonly #network: SimNetwork;
  readonly #ends: readonly [LinkEnd, LinkEnd];
  /** Counts the moments at which the other side was heard again. */
  #revivals = 0;

  constructor(network: SimNetwork, dialler: SimTransport, other: SimTransport) {
    this.#network = network;
    this.#ends = [this.#end(dialler, other.self), this.#end(other, dialler.self)];
  }

  #end(owner: SimTransport, peer: BoxId): LinkEnd {
    return {
      owner,
      peer,
      link: this,
      up: false,
      closed: false,
      inbound: [],
      lastArrivalMs: 0,
      isDelivering: false,
    };
  }

  /** The dialler knows first; nothing arrives at the other end before it knows. */
  open(): void {
    let wait = 0;
    for (const end of this.#ends) {
      end.owner.replaceEnd(end);
      const atMs = this.#network.clock.nowMs + wait;
      end.lastArrivalMs = atMs;
      end.owner.timers.after(wait, () => {
        if (end.closed) return;
        end.up = true;
        end.owner.announce("up", end.peer);
      });
      wait += this.#network.delay();
    }
  }

  send(from: LinkEnd, channel: Channel, bytes: Uint8Array): void {
    const to = this.#other(from);
    const { clock } = this.#network;
    const atMs = Math.max(to.lastArrivalMs, clock.nowMs + this.#network.delay());
    to.lastArrivalMs = atMs;
    to.inbound.push({ channel, bytes, atMs });
    if (to.inbound.length === 1) this.#schedule(to);
  }

  /** The owner is done with the link, or has given it up; the other end hears of it if it can. */
  close(end: LinkEnd): void {
    if (end.closed) return;
    end.closed = true;
    end.inbound.length = 0;
    end.owner.dropEnd(end);
    if (end.up) end.owner.announce("down", end.peer);
    const other = this.#other(end);
    if (other.closed) return this.#network.forget(this);
    if (!this.#network.isOpen(end.owner.self, other.owner.self)) return;
    other.owner.timers.after(this.#network.delay(), () => this.close(other));
  }

  /** The owner's process ended. `reset`: its machine still says so; else the other side waits. */
  abandon(end: LinkEnd, reset: boolean): void {
    end.closed = true;
    end.inbound.length = 0;
    const other = this.#other(end);
    if (other.closed) return this.#network.forget(this);
    if (reset && this.#network.isOpen(end.owner.self, other.owner.self)) {
      other.owner.timers.after(this.#network.delay(), () => this.close(other));
    } else this.watch();
  }

  /** An end that hears nothing for long enough closes. */
  watch(): void {
    if (this.#isAlive()) return;
    const revivals = this.#revivals;
    for (const end of this.#ends) {
      if (end.closed) continue;
      end.owner.timers.after(this.#network.draw(this.#network.weather.silenceMs), () => {
        if (revivals === this.#revivals && !this.#isAlive()) this.close(end);
      });
    }
  }

  wake(): void {
    if (this.#isAlive()) this.#revivals++;
    for (const end of this.#ends) if (end.inbound.length > 0) this.#schedule(end);
  }

  #isAlive(): boolean {
    const [a, b] = this.#ends;
    if (a.closed || b.closed) return false;
    return this.#network.areInTouch(a.owner, b.owner);
  }

  #other(end: LinkEnd): LinkEnd {
    return this.#ends[0] === end ? this.#ends[1] : this.#ends[0];
  }

  #schedule(to: LinkEnd): void {
    const [next] = to.inbound;
    if (!next || to.isDelivering) return;
    to.isDelivering = true;
    const wait = Math.max(0, next.atMs - this.#network.clock.nowMs);
    to.owner.timers.after(wait, () => {
      to.isDelivering = false;
      if (to.closed || !this.#network.isOpen(to.peer, to.owner.self)) return;
      const frame = to.inbound.shift();
      if (!frame) return;
      to.isDelivering = true;
      // A listener that waits holds back the next frame.
      const goOn = (): void => {
        to.isDelivering = false;
        this.#schedule(to);
      };
      to.owner.takeFrame(frame.channel, to.peer, frame.bytes).then(goOn, goOn);
    });
  }
}
