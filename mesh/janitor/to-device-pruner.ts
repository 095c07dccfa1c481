import type { BoxId, DeviceId, UserId } from "../../core/ids.ts";
import type { Logger } from "../../core/ports.ts";
import { deviceTopic, topicLog, toDevice, toDeviceAcks } from "../../core/tables.ts";
import { covers, originOf } from "../../core/vector.ts";
import type { Ledger } from "../journal/ledger.ts";
import type { Flushed } from "../journal/outcomes.ts";
import type { StateStore } from "../store/overlay.ts";
import type { Stage } from "../store/stage.ts";

/** Rows read and deleted in one write. */
const ROWS_AT_ONCE = 200;
/** Devices that wait to be looked at; what does not fit is found at the next acknowledgement. */
const DEVICES_WAITING_MAX = 1000;

type Device = readonly [user: UserId, device: DeviceId];

/**
 * Deletes to-device messages that their client has acknowledged, and the notes that they came. Readers
 * pass over them from the moment of the acknowledgement; deleting is housekeeping of this box, so it is
 * no transaction.
 */
export class ToDevicePruner {
  readonly #state: StateStore;
  readonly #logger: Logger;
  readonly #waiting = new Map<string, Device>();
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(state: StateStore, ledger: Ledger, logger: Logger) {
    this.#state = state;
    this.#logger = logger;
    ledger.onFlushed((entries) => this.#flushed(entries));
  }

  /** Resolves when nothing is left to delete. */
  async settled(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
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
      this.#logger.warn({ err: error }, "acknowledged to-device messages were not deleted");
    } finally {
      this.#running = undefined;
    }
  }

  async #prune([user, device]: Device): Promise<void> {
    const acknowledged = this.#state.get(toDeviceAcks, [user, device]);
    let after: readonly [string, number, number, number] | undefined;
    while (acknowledged && !this.#stopped) {
      using snapshot = this.#state.snapshot();
      const rows = await snapshot.range(toDevice, {
        prefix: [user, device],
        limit: ROWS_AT_ONCE,
        ...(after ? { after } : {}),
      });
      const dead = rows.filter(([[, , box, incarnation, seq], { also = [] }]) =>
        [{ origin: originOf(box, incarnation), seq }, ...also].some((dot) =>
          covers(acknowledged, dot),
        ),
      );
      if (dead.length > 0) {
        const stage = this.#state.begin();
        for (const [key] of dead) {
          stage.del(toDevice, key);
          dropNote(stage, key);
        }
        await this.#state.commit(stage);
      }
      const last = rows.at(-1)?.[0];
      if (!last || rows.length < ROWS_AT_ONCE) return;
      after = [last[2], last[3], last[4], last[5]];
    }
  }
}

/** A sync has no use for the note that a message came which its client has acknowledged. */
function dropNote(
  stage: Stage,
  [user, device, box, incarnation, seq]: readonly [UserId, DeviceId, BoxId, number, number, number],
): void {
  const key = [deviceTopic(user, device), box, incarnation, seq] as const;
  const note = stage.get(topicLog, [...key]);
  if (note?.every((entry) => "toDevice" in entry)) stage.del(topicLog, [...key]);
}
