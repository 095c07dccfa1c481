import { rm } from "node:fs/promises";
import { unavailable } from "../../core/errors.ts";
import type { Logger, Timers } from "../../core/ports.ts";
import type { MeshNode } from "../../mesh/mesh-node.ts";
import type { CheckedStore } from "../../mesh/store/check.ts";
import { salvage } from "../../mesh/store/salvage.ts";
import type { StoreStatus } from "../control/status.ts";

/** Entries of a damaged store that are taken over at a time. */
const SALVAGE_BATCH = 200;
/** How often a box that is being repaired looks whether it has everything, milliseconds. */
const LOOK_INTERVAL_MS = 200;

/**
 * Brings a box back whose store was damaged: first from what can still be read of it, then from the
 * other boxes. Until it has what they have, it must not answer clients: an empty store is not the truth.
 */
export class Repair {
  readonly #node: MeshNode;
  readonly #timers: Timers;
  readonly #logger: Logger;
  readonly #hasOthers: boolean;
  #status: StoreStatus;
  #timer: { cancel(): void } | undefined;

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
    this.#status =
      checked.outcome === "damaged"
        ? { state: "repairing", note: checked.reason ?? "the store was damaged" }
        : { state: "good", note: "" };
  }

  /** A disk that takes no writes matters once there is nothing left to repair. */
  get status(): StoreStatus {
    const note = this.#node.disk.trouble;
    if (this.#status.state !== "good" || note === undefined) return this.#status;
    return { state: "refusing", note };
  }

  /** Why clients are not answered, for people. */
  get refusal(): string | undefined {
    if (this.#status.state === "good") return undefined;
    return "This box is repairing its data from the other boxes; try another one.";
  }

  /** Before the box's new life: takes over what the damaged stores still hold. Rejects when the disk refuses. */
  async salvage(folders: readonly string[]): Promise<void> {
    if (this.#status.state === "good") return;
    for (const folder of folders) {
      let batch: string[] = [];
      let entries = 0;
      for await (const { text } of salvage(folder)) {
        entries++;
        batch.push(text);
        if (batch.length < SALVAGE_BATCH) continue;
        await this.#take(batch);
        batch = [];
      }
      await this.#take(batch);
      this.#logger.warn({ folder, entries }, "took over what could be read of a damaged store");
    }
  }

  async #take(texts: readonly string[]): Promise<void> {
    await this.#node.replicator.take(texts);
    const { failure } = this.#node.state;
    // Nothing is repaired before it is on disk: the folder that it came from is deleted in the end.
    if (failure !== undefined) throw unavailable("The disk refuses what is salvaged.", failure);
  }

  /** Waits in the background for the other boxes' part, then opens the box to clients. */
  watch(folders: readonly string[]): void {
    if (this.#status.state === "good") return;
    const { replicator } = this.#node;
    const heardOthers = replicator.vectors().size > 0 && replicator.isCaughtUp();
    if (this.#hasOthers && !heardOthers) {
      this.#timer = this.#timers.after(LOOK_INTERVAL_MS, () => this.watch(folders));
      return;
    }
    this.#status = { state: "good", note: `repaired: ${this.#status.note}` };
    this.#logger.warn({ note: this.#status.note }, "the store is whole again");
    Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))).catch(
      (error: unknown) => this.#logger.warn({ err: error }, "a damaged store was not removed"),
    );
  }

  stop(): void {
    this.#timer?.cancel();
  }
}
