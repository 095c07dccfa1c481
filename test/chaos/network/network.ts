import type { Site } from "../../e2e/support/box-process.ts";
import type { TestMesh } from "../../e2e/support/test-mesh.ts";
import type { Prng } from "../../simulation/prng.ts";
import { Namespaces, addressOf } from "./namespaces.ts";
import { CLIENTS, FAIR, Wire } from "./wire.ts";
import type { Host, Weather } from "./wire.ts";

const CUT: Weather = { ...FAIR, isCut: true };
/** Longer than any fault: the links come back when they are told to, seconds. */
const DRILL_SECONDS = 3600;

/** What lies between the boxes, and between them and their clients. */
export interface Network {
  /** Whether a disturbance can do more than to isolate. */
  readonly touchesPackets: boolean;
  /** Where a box runs. */
  place(host: Host): Promise<Pick<Site, "host" | "command">>;
  /** Something begins to go wrong; several such things add up. */
  disturb(mesh: TestMesh): Disturbance;
  /** All disturbances are over. */
  heal(mesh: TestMesh): Promise<void>;
  readonly summary: string;
}

/** What one fault does to the network. */
export interface Disturbance {
  /** A box loses the other boxes, not its clients. */
  isolate(host: Host): Promise<void>;
  /** Nothing comes from or gets to a host: no reset, no answer. */
  darken(host: Host): void;
  /** Packets from one host to another. */
  set(from: Host, to: Host, weather: Weather): void;
  lift(): Promise<void>;
}

/** Real packets between network namespaces. */
export class WiredNetwork implements Network {
  readonly touchesPackets = true;
  readonly #wire: Wire;
  readonly #namespaces: Namespaces;

  private constructor(wire: Wire) {
    this.#wire = wire;
    this.#namespaces = new Namespaces(wire);
  }

  static async start(prng: Prng): Promise<WiredNetwork> {
    const network = new WiredNetwork(new Wire(prng));
    await network.#namespaces.clients();
    return network;
  }

  async place(host: Host): Promise<Pick<Site, "host" | "command">> {
    return { host: addressOf(host), command: await this.#namespaces.box(host) };
  }

  disturb(mesh: TestMesh): Disturbance {
    const layer = this.#wire.layer();
    const cut = (host: Host, others: readonly Host[]): void => {
      for (const other of others.filter((one) => one !== host)) {
        layer.set(host, other, CUT);
        layer.set(other, host, CUT);
      }
    };
    return {
      isolate: async (host) => cut(host, hostsOf(mesh)),
      darken: (host) => cut(host, [...hostsOf(mesh), CLIENTS]),
      set: (from, to, weather) => layer.set(from, to, weather),
      lift: async () => layer.lift(),
    };
  }

  async heal(): Promise<void> {
    this.#wire.clear();
  }

  get summary(): string {
    const { passed, cut, lost, doubled, delayed } = this.#wire.counts;
    return `packets: ${passed} passed, ${cut} cut off, ${lost} lost, ${doubled} doubled, ${delayed} late`;
  }
}

/** Everything on the loopback; boxes cut their own links when the owner practises an outage. */
export class DrillNetwork implements Network {
  readonly touchesPackets = false;
  readonly summary = "packets: none touched";
  /** For each disturbance, the boxes that it isolates. */
  readonly #isolated = new Set<Set<Host>>();

  async place(): Promise<Pick<Site, "host" | "command">> {
    return { host: "127.0.0.1", command: [] };
  }

  disturb(mesh: TestMesh): Disturbance {
    const hosts = new Set<Host>();
    this.#isolated.add(hosts);
    const untouched = (): never => {
      throw new Error("packets on the loopback are left alone");
    };
    return {
      isolate: async (host) => {
        hosts.add(host);
        await mesh.box(host).control("drill.isolate", { duration_s: DRILL_SECONDS });
      },
      darken: untouched,
      set: untouched,
      lift: async () => {
        this.#isolated.delete(hosts);
        await this.#reconnect(mesh, [...hosts]);
      },
    };
  }

  async heal(mesh: TestMesh): Promise<void> {
    this.#isolated.clear();
    await this.#reconnect(mesh, hostsOf(mesh));
  }

  /** A box that is off has forgotten its drill. */
  async #reconnect(mesh: TestMesh, hosts: readonly Host[]): Promise<void> {
    const isStillCut = (host: Host): boolean => [...this.#isolated].some((all) => all.has(host));
    const boxes = hosts.filter((host) => !isStillCut(host)).map((host) => mesh.box(host));
    const running = boxes.filter((box) => box.isRunning);
    await Promise.all(running.map((box) => box.control("drill.heal", {}).catch(() => undefined)));
  }
}

function hostsOf(mesh: TestMesh): Host[] {
  return mesh.boxes.map((_, i) => i + 1);
}
