import type { TestMesh } from "../../e2e/support/test-mesh.ts";
import type { Site } from "../../e2e/support/box-process.ts";
import { Namespaces, addressOf } from "./namespaces.ts";
import { CLIENTS, FAIR, Wire } from "./wire.ts";
import type { Host, Weather } from "./wire.ts";
import type { Prng } from "../../simulation/prng.ts";

const CUT: Weather = { ...FAIR, isCut: true };
/** Longer than any fault: the links come back when they are told to, seconds. */
const DRILL_SECONDS = 3600;

/** What lies between the boxes, and between them and their clients. */
export interface Network {
  /** Whether `set` works. */
  readonly touchesPackets: boolean;
  /** Where a box runs. */
  place(host: Host): Promise<Pick<Site, "host" | "command">>;
  /** A box loses the other boxes, not its clients. */
  isolate(mesh: TestMesh, host: Host): Promise<void>;
  /** Packets from one host to another; only where packets can be touched. */
  set(from: Host, to: Host, weather: Weather): void;
  heal(mesh: TestMesh): Promise<void>;
  readonly summary: string;
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

  async isolate(mesh: TestMesh, host: Host): Promise<void> {
    for (const other of hostsOf(mesh).filter((one) => one !== host)) {
      this.set(host, other, CUT);
      this.set(other, host, CUT);
    }
  }

  set(from: Host, to: Host, weather: Weather): void {
    this.#wire.set(from, to, weather);
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
  async place(): Promise<Pick<Site, "host" | "command">> {
    return { host: "127.0.0.1", command: [] };
  }

  async isolate(mesh: TestMesh, host: Host): Promise<void> {
    await mesh.box(host).control("drill.isolate", { duration_s: DRILL_SECONDS });
  }

  set(): void {
    throw new Error("packets on the loopback are left alone");
  }

  async heal(mesh: TestMesh): Promise<void> {
    await Promise.all(
      mesh.boxes.filter((box) => box.isRunning).map((box) => box.control("drill.heal", {})),
    );
  }

  readonly summary = "packets: none touched";
}

export function hostsOf(mesh: TestMesh): Host[] {
  return mesh.boxes.map((_, i) => i + 1);
}

/** Nothing comes from or gets to a host: no reset, no answer. */
export function darken(network: Network, mesh: TestMesh, host: Host): void {
  for (const other of [...hostsOf(mesh), CLIENTS].filter((one) => one !== host)) {
    network.set(host, other, CUT);
    network.set(other, host, CUT);
  }
}
