import { createSocket } from "node:dgram";
import type { Socket } from "node:dgram";
import type { Prng } from "../../simulation/prng.ts";

/** What happens to the packets that go one way between two hosts. */
export interface Weather {
  readonly isCut: boolean;
  /** Added to every packet, with up to as much `jitterMs` on top; what is late is overtaken. */
  readonly delayMs: number;
  readonly jitterMs: number;
  /** Share of the packets, 0 to 1. */
  readonly loss: number;
  readonly duplication: number;
}

export const FAIR: Weather = { isCut: false, delayMs: 0, jitterMs: 0, loss: 0, duplication: 0 };

/** A number for each machine on the wire: 1 to 3 are boxes. */
export type Host = number;
/** The machine of the clients. */
export const CLIENTS: Host = 9;

const IPV4_HEADER_BYTES = 20;
const DESTINATION_AT = 16;
/** Where the switch listens for the packets of each host, plus the host; nobody else is in this namespace. */
const SWITCH_PORT = 20_000;
/** Where each host's end of the cable listens, plus the host. */
const CABLE_PORT = 21_000;

/**
 * The switch between the hosts: each IP packet that a host sends comes as one datagram, and is dropped,
 * kept for a while, doubled or passed on. The kernels of many machines have no `tc netem`.
 */
export class Wire {
  readonly #prng: Prng;
  readonly #cables = new Map<Host, Socket>();
  readonly #weather = new Map<string, Weather>();
  readonly counts = { passed: 0, cut: 0, lost: 0, doubled: 0, delayed: 0 };

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  /** Plugs a host in; its packets come as datagrams to `to` and are sent from there. */
  async plug(host: Host): Promise<{ readonly from: number; readonly to: number }> {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(SWITCH_PORT + host, "127.0.0.1", () => {
        socket.off("error", reject);
        resolve();
      });
    });
    // A cable whose other end is gone is an unplugged host.
    socket.on("error", () => undefined);
    socket.on("message", (packet) => this.#route(host, packet));
    this.#cables.set(host, socket);
    return { from: CABLE_PORT + host, to: SWITCH_PORT + host };
  }

  set(from: Host, to: Host, weather: Weather): void {
    this.#weather.set(`${from}>${to}`, weather);
  }

  clear(): void {
    this.#weather.clear();
  }

  close(): void {
    for (const socket of this.#cables.values()) socket.close();
    this.#cables.clear();
  }

  #route(from: Host, packet: Buffer): void {
    if (packet.length < IPV4_HEADER_BYTES || (packet[0] ?? 0) >> 4 !== 4) return;
    const to = packet[DESTINATION_AT + 3] ?? 0;
    if (!this.#cables.has(to)) return;
    const weather = this.#weather.get(`${from}>${to}`) ?? FAIR;
    const { counts } = this;
    if (weather.isCut) counts.cut++;
    else if (weather.loss > 0 && this.#prng.chance(weather.loss)) counts.lost++;
    else {
      counts.passed++;
      this.#deliver(to, packet, weather);
      if (weather.duplication > 0 && this.#prng.chance(weather.duplication)) {
        counts.doubled++;
        this.#deliver(to, packet, weather);
      }
    }
  }

  #deliver(to: Host, packet: Buffer, { delayMs, jitterMs }: Weather): void {
    const send = (): void => this.#cables.get(to)?.send(packet, CABLE_PORT + to, "127.0.0.1");
    if (delayMs + jitterMs === 0) {
      send();
      return;
    }
    this.counts.delayed++;
    setTimeout(send, delayMs + this.#prng.next() * jitterMs).unref();
  }
}
