import { toDeviceAcks } from "../../core/tables.ts";
import { covers } from "../../core/vector.ts";
import type { Flushed } from "../journal/outcomes.ts";
import { dropMessages, queueOf } from "./device-queue.ts";
import type { Device } from "./device-queue.ts";
import { QueueSweeper } from "./queue-sweeper.ts";
import type { SweeperDeps } from "./queue-sweeper.ts";

/** Devices that wait to be looked at; what does not fit is found at the next acknowledgement. */
const DEVICES_WAITING_MAX = 1000;

/**
 * Deletes to-device messages that their client has acknowledged, and the notes that they came. Readers
 * pass over them from the moment of the acknowledgement; deleting is housekeeping of this box, so it is
 * no transaction. What nobody will acknowledge is the sweeper's.
 */
export class ToDevicePruner {
  readonly sweeper: QueueSweeper;
  readonly #deps: Pick<SweeperDeps, "state" | "logger">;
  readonly #waiting = new Map<string, Device>();
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(deps: SweeperDeps) {
    this.#deps = deps;
    this.sweeper = new QueueSweeper(deps);
    deps.ledger.onFlushed((entries) => {
      this.#flushed(entries);
      this.sweeper.flushed(entries);
    });
  }

  /** Resolves when nothing is left to delete of what was acknowledged. */
  async settled(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.sweeper.stop();
    await this.settled();
  }

  #flushed(entries: readonly Flushed[]): void {
    for (const { transaction } of entries) {
      for (const record of transaction.records) {
        if (record.kind !== "dequeue" || record.queue !== "to_device") continue;
        if (this.#waiting.size >= DEVICES_WAITING_MAX) break;
        this.#waiting.set(`${record.user}|${record.device}`, [record.user, record.device]);
      }
    }
    if (this.#waiting.size > 0 && !this.#stopped) this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    try {
      for (const [key, device] of this.#waiting) {
        if (this.#stopped) break;
        this.#waiting.delete(key);
        await this.#prune(device);
      }
    } catch (error) {
      this.#deps.logger.warn({ err: error }, "acknowledged to-device messages were not deleted");
    } finally {
      this.#running = undefined;
    }
  }

  async #prune(device: Device): Promise<void> {
    const { state } = this.#deps;
    const acknowledged = state.get(toDeviceAcks, device);
    if (!acknowledged) return;
    for await (const rows of queueOf(state, device)) {
      if (this.#stopped) return;
      await dropMessages(state, rows, (_, dots) => dots.some((dot) => covers(acknowledged, dot)));
    }
  }
}
