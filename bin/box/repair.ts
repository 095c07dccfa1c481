import { rm } from "node:fs/promises";
import { unavailable } from "../../core/errors.ts";
import type { Logger, Timers } from "../../core/ports.ts";
import type { MeshNode } from "../../mesh/mesh-node.ts";
import type { CheckedStore } from "../../mesh/store/check.ts";
import { isCut, salvage } from "../../mesh/store/salvage.ts";
import type { StoreStatus } from "../control/status.ts";
import { TakeOver } from "./take-over.ts";

/** How often a box that is being repaired looks whether it has everything, milliseconds. */
const LOOK_INTERVAL_MS = 200;

/**
 * Brings a box to what the mesh has: one that is new, or whose store was damaged. What can still be read
 * of a damaged store is taken over first, and again once the other boxes have brought, or a copy of
 * another store has, what it builds upon. Until then the box must not answer clients: an empty store is
 * not the truth.
 */
export class Repair {
  readonly #node: MeshNode;
  readonly #timers: Timers;
  readonly #logger: Logger;
  readonly #hasOthers: boolean;
  readonly #folders: readonly string[];
  #status: StoreStatus;
  #reason = "";
  #timer: { cancel(): void } | undefined;
  /** Entries of damaged stores for which something was missing so far. */
  #left = 0;

  /** `hasOthers`: there are boxes to get the rest from. */
  constructor(
    parts: { node: MeshNode; timers: Timers; logger: Logger },
    checked: CheckedStore,
    hasOthers: boolean,
  ) {
    this.#node = parts.node;
    this.#timers = parts.timers;
    this.#logger = parts.logger;
    this.#hasOthers = hasOthers;
    this.#folders = checked.setAside;
    this.#status = { state: "good", note: "" };
    if (checked.outcome !== "damaged") return;
    this.#reason = checked.reason ?? "the store was damaged";
    this.#status = { state: "repairing", note: `fetching what it lacks: ${this.#reason}` };
    this.#node.setWhole(false);
  }

  /** A disk that takes no writes matters once there is nothing left to repair. */
  get status(): StoreStatus {
    const note = this.#node.disk.trouble;
    if (this.#status.state !== "good" || note === undefined) return this.#status;
    return { state: "refusing", note };
  }

  /** Is everything here that could be got? */
  get isDone(): boolean {
    return this.#status.state === "good";
  }

  /** Why clients are not answered, for people. */
  get refusal(): string | undefined {
    switch (this.#status.state) {
      case "good":
        return undefined;
      case "repairing":
        return "This box is fetching its data from the other boxes; try another one.";
      case "damaged":
        return "The data of this box is damaged; its owner can see more with meshctl status.";
    }
  }

  /** Before the box's new life: takes over what the damaged stores still hold. Rejects when the disk refuses. */
  async salvage(): Promise<void> {
    if (this.#status.state !== "good") this.#left = await this.#takeOver();
  }

  async #take(texts: readonly string[]): Promise<void> {
    await this.#node.replicator.take(texts);
    const { failure } = this.#node.state;
    // Nothing is repaired before it is on disk: the folder that it came from is deleted in the end.
    if (failure !== undefined) throw unavailable("The disk refuses what is salvaged.", failure);
  }

  /** Waits in the background for the other boxes' part, then opens the box to clients. */
  watch(): void {
    if (this.#status.state !== "repairing") return;
    const { replicator } = this.#node;
    const heardOthers = replicator.vectors().size > 0 && replicator.isCaughtUp();
    if (this.#hasOthers && !heardOthers) {
      this.#timer = this.#timers.after(LOOK_INTERVAL_MS, () => this.watch());
      return;
    }
    this.#finish().catch((error: unknown) => {
      this.#logger.warn({ err: error }, "the repair of the store did not end; it is tried again");
      this.#timer = this.#timers.after(LOOK_INTERVAL_MS, () => this.watch());
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  async #finish(): Promise<void> {
    if (this.#left > 0) this.#left = await this.#takeOver();
    if (this.#left > 0) {
      this.#logger.warn({ entries: this.#left }, "entries of a damaged store build upon lost ones");
      if (!this.#hasOthers && (await this.#isPastGone())) {
        const note = `${this.#reason}; it is kept in ${this.#folders.join(", ")}`;
        this.#status = { state: "damaged", note };
        return;
      }
    }
    this.#status = { state: "good", note: `repaired: ${this.#reason}` };
    this.#node.setWhole(true);
    this.#logger.warn({ note: this.#status.note }, "the store is whole again");
    await this.#dropRemains();
  }

  /** While they are there, each start is a repair: that costs time and no more. */
  async #dropRemains(): Promise<void> {
    try {
      await Promise.all(this.#folders.map((path) => rm(path, { recursive: true, force: true })));
    } catch (error) {
      const what = "the damaged store could not be deleted; the next start looks through it again";
      this.#logger.warn({ err: error, folders: this.#folders }, what);
    }
  }

  /** Was the beginning of a damaged journal dropped, so that what is left of it builds upon nothing? */
  async #isPastGone(): Promise<boolean> {
    const cut = await Promise.all(this.#folders.map((folder) => isCut(folder)));
    return cut.includes(true);
  }

  /** Applies what can be applied; resolves with the number of entries that could not. */
  async #takeOver(): Promise<number> {
    for (;;) {
      let taken = 0;
      let left = 0;
      for (const folder of this.#folders) {
        const found = await this.#takeOverFrom(folder);
        taken += found.taken;
        left += found.left;
      }
      // What builds upon entries that were read after it, or in another folder, may be too much to hold.
      if (taken === 0 || left === 0) return left;
    }
  }

  async #takeOverFrom(folder: string): Promise<{ taken: number; left: number }> {
    const { ledger } = this.#node;
    const takeOver = new TakeOver({ ledger, take: (texts) => this.#take(texts) });
    for await (const entry of salvage(folder)) await takeOver.add(entry);
    await takeOver.end();
    const { taken, left } = takeOver;
    this.#logger.warn({ folder, taken, left }, "read what is left of a damaged store");
    return { taken, left };
  }
}
