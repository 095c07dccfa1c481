import { once } from "node:events";
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

/** The doing of one cause, both ways or one. */
export interface Layer {
  set(from: Host, to: Host, weather: Weather): void;
  lift(): void;
}

/** A number for each machine on the wire: 1 to 3 are boxes. */
export type Host = number;
/** The machine of the clients. */
export const CLIENTS: Host = 9;

const IPV4_HEADER_BYTES = 20;
const DESTINATION_AT = 16;

/**
 * The switch between the hosts: each IP packet that a host sends comes as one datagram, and is dropped,
 * kept for a while, doubled or passed on. The kernels of many machines have no `tc netem`.
 */
export class Wire {
  readonly #prng: Prng;
  readonly #cables = new Map<Host, { readonly socket: Socket; readonly port: number }>();
  readonly #layers = new Set<Map<string, Weather>>();
  readonly counts = { passed: 0, cut: 0, lost: 0, doubled: 0, delayed: 0 };

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  /** Plugs a host in: its packets come as datagrams from the port `from` to the port `to`. */
  async plug(host: Host): Promise<{ readonly from: number; readonly to: number }> {
    // The number stays free: nobody else is in the namespace of a run.
    const other = await openSocket();
    const from = other.address().port;
    other.close();
    const socket = await openSocket();
    // A cable whose other end is gone is an unplugged host.
    socket.on("error", () => undefined);
    socket.on("message", (packet) => this.#route(host, packet));
    this.#cables.set(host, { socket, port: from });
    return { from, to: socket.address().port };
  }

  /** What one cause does to the packets, on top of all others, until it is lifted. */
  layer(): Layer {
    const ways = new Map<string, Weather>();
    this.#layers.add(ways);
    return {
      set: (from, to, weather) => void ways.set(wayOf(from, to), weather),
      lift: () => void this.#layers.delete(ways),
    };
  }

  clear(): void {
    this.#layers.clear();
  }

  close(): void {
    for (const { socket } of this.#cables.values()) socket.close();
    this.#cables.clear();
  }

  #route(from: Host, packet: Buffer): void {
    if (packet.length < IPV4_HEADER_BYTES || (packet[0] ?? 0) >> 4 !== 4) return;
    const to = packet[DESTINATION_AT + 3] ?? 0;
    if (!this.#cables.has(to)) return;
    const weather = this.#weatherOn(wayOf(from, to));
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

  #weatherOn(way: string): Weather {
    let all = FAIR;
    for (const ways of this.#layers) {
      const one = ways.get(way);
      if (one) all = all === FAIR ? one : together(all, one);
    }
    return all;
  }

  #deliver(to: Host, packet: Buffer, { delayMs, jitterMs }: Weather): void {
    const send = (): void => {
      const cable = this.#cables.get(to);
      cable?.socket.send(packet, cable.port, "127.0.0.1");
    };
    if (delayMs + jitterMs === 0) {
      send();
      return;
    }
    this.counts.delayed++;
    setTimeout(send, delayMs + this.#prng.next() * jitterMs).unref();
  }
}

function wayOf(from: Host, to: Host): string {
  return `${from}>${to}`;
}

function together(a: Weather, b: Weather): Weather {
  return {
    isCut: a.isCut || b.isCut,
    delayMs: a.delayMs + b.delayMs,
    jitterMs: a.jitterMs + b.jitterMs,
    loss: 1 - (1 - a.loss) * (1 - b.loss),
    duplication: 1 - (1 - a.duplication) * (1 - b.duplication),
  };
}

async function openSocket(): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
}
