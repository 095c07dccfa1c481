import type { BoxId } from "../../../core/ids.ts";
import { CasPaxos } from "../../../mesh/claims/cas-paxos.ts";
import { MemoryStore } from "../../../mesh/store/memory-store.ts";
import type { MemoryDiskFaults } from "../../../mesh/store/memory-store.ts";
import { StateStore } from "../../../mesh/store/overlay.ts";
import { FAIR } from "../../simulation/options.ts";
import { Prng } from "../../simulation/prng.ts";
import { BoxTimers, SimClock } from "../../simulation/sim-clock.ts";
import { SimNetwork } from "../../simulation/sim-network.ts";
import { SimTransport } from "../../simulation/sim-transport.ts";
import { boxOfName } from "../journal/open-ledger.ts";

const quiet = (): void => undefined;

/** Boxes with nothing but their registers, on a simulated network. */
export class ClaimingBoxes {
  readonly clock = new SimClock();
  readonly network: SimNetwork;
  readonly ids: readonly BoxId[];
  readonly claims: readonly CasPaxos[];
  /** Names that the replicated state of a box knows, by box. */
  readonly held = new Map<BoxId, string>();
  /** Boxes that a box knows of, where those are not all. */
  readonly known = new Map<BoxId, readonly BoxId[]>();
  /** Boxes whose disk refuses. */
  readonly broken = new Set<BoxId>();

  constructor(count: number, seed = "claims") {
    const prng = new Prng(seed);
    this.network = new SimNetwork(this.clock, prng, FAIR);
    this.ids = ["a", "b", "c", "d", "e"].slice(0, count).map(boxOfName);
    this.claims = this.ids.map((box) => this.#box(box, prng.fork(box)));
  }

  #box(box: BoxId, prng: Prng): CasPaxos {
    const timers = new BoxTimers(this.clock);
    const transport = new SimTransport(box, this.network, timers);
    const beforeWrite: MemoryDiskFaults["beforeWrite"] = async () => {
      if (this.broken.has(box)) throw new Error("EIO");
    };
    const claims = new CasPaxos({
      state: new StateStore(new MemoryStore(undefined, { beforeWrite })),
      transport,
      timers,
      random: prng,
      logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
      members: () => this.known.get(box) ?? this.ids,
      held: () => this.held.get(box),
    });
    void transport.start();
    transport.setMembers(this.ids.map((id) => ({ box: id, peerId: id, addresses: [] })));
    return claims;
  }

  at(index: number): CasPaxos {
    const claims = this.claims[index];
    if (!claims) throw new Error(`there is no box ${index}`);
    return claims;
  }

  /** Lets the boxes find each other. */
  async meet(): Promise<this> {
    await this.clock.run(this.clock.nowMs + 5000);
    return this;
  }

  /** Blocks all paths between these boxes and the others, at once. */
  cutOff(...indexes: readonly number[]): void {
    const inside = new Set(indexes.map((index) => this.ids[index]));
    for (const a of this.ids) {
      for (const b of this.ids) if (inside.has(a) !== inside.has(b)) this.network.block(a, b);
    }
  }

  /** What becomes of a promise, as text; an error as its status. */
  async outcomes(promises: readonly Promise<unknown>[]): Promise<string[]> {
    const settled = Promise.allSettled(promises);
    let isDone = false;
    void settled.finally(() => (isDone = true));
    await this.clock.run(this.clock.nowMs + 120_000, () => isDone);
    return (await settled).map((result) =>
      result.status === "fulfilled"
        ? String(result.value)
        : String((result.reason as { status?: number }).status),
    );
  }
}
