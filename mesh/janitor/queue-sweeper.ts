import { deviceExists } from "../../core/device/devices.ts";
import type { BoxId, DeviceId, UserId } from "../../core/ids.ts";
import type { Snapshot } from "../../core/ports.ts";
import { toDevice, topicLog, topicVector } from "../../core/tables.ts";
import type { Topic } from "../../core/tables.ts";
import { millisecondsOf } from "../../core/transaction/records.ts";
import type { HybridTime } from "../../core/transaction/records.ts";
import { EMPTY_VECTOR } from "../../core/vector.ts";
import type { Dot, Origin, Vector } from "../../core/vector.ts";
import type { Flushed } from "../journal/outcomes.ts";
import type { UpkeepDeps } from "../replica/upkeep.ts";
import type { StateStore } from "../store/overlay.ts";
import { boundQueue, WAITING_MESSAGES_MAX } from "./bound-queue.ts";
import { dropMessages, queueOf, ROWS_AT_ONCE, writing } from "./device-queue.ts";
import type { Device, QueueRow } from "./device-queue.ts";
import { KnownToAll } from "./known-to-all.ts";

/** From one look for queues that nobody will read to the next; it reads a row a device, milliseconds. */
export const SWEEP_MS = 60 * 60 * 1000;
/** Messages from one look that counts what waits for each device to the next: some 10 MB. It comes at once. */
export const MESSAGES_BETWEEN_SWEEPS_MAX = 10_000;

const DEVICE_TOPICS = "device:";
/** The least text above all topics of devices. */
const BEYOND_DEVICE_TOPICS = "device;";

/**
 * What waits for a device that is not known is kept this long, milliseconds: a session whose login was lost
 * with the disks goes on, and reads what it is sent in that time.
 */
export const UNREAD_KEPT_MS = 30 * 24 * 60 * 60 * 1000;

export interface SweeperDeps extends UpkeepDeps {
  readonly state: StateStore;
  readonly now: () => HybridTime;
  /** `WAITING_MESSAGES_MAX` unless a test wants fewer. */
  readonly messagesMax?: number;
}

interface Look {
  readonly isKnown: (dot: Dot) => boolean;
  /** What was sent before may go. */
  readonly oldMs: number;
  /** Is what waits for each device counted? */
  readonly isCounting: boolean;
  readonly messagesMax: number;
}

/**
 * Deletes the messages that no client will ever acknowledge, and the notes that they came.
 * 1. What waits for a device that does not exist goes after 30 days, once it is certain that the device did
 *    not exist when the message was sent: every box has it, and all that those boxes had then is here.
 * 2. While a member is away nothing is certain: it may have logged the device in.
 * 3. Where more than 100,000 wait for such devices in all, what is certain goes at once.
 * 4. A device that exists keeps all, up to a limit far above what a year brings.
 * Each box decides for itself: what goes is owed to nobody, so no two boxes have to do so at once.
 */
export class QueueSweeper {
  readonly #deps: SweeperDeps;
  readonly #known: KnownToAll;
  /** Messages since the queues were last counted. */
  #enqueued = 0;
  #isCounted = false;
  #timer: { cancel(): void } | undefined;
  #running: Promise<void> | undefined;
  #stopped = true;

  constructor(deps: SweeperDeps) {
    this.#deps = deps;
    this.#known = new KnownToAll(deps);
  }

  get heard(): KnownToAll["heard"] {
    return this.#known.heard.bind(this.#known);
  }

  start(): void {
    this.#stopped = false;
    this.#sweepLater();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  /** Counts what was enqueued. */
  flushed(entries: readonly Flushed[]): void {
    const before = this.#enqueued;
    for (const { transaction } of entries) {
      for (const record of transaction.records) {
        if (record.kind === "enqueue" && record.queue === "to_device") this.#enqueued++;
      }
    }
    const isDue =
      before < MESSAGES_BETWEEN_SWEEPS_MAX && this.#enqueued >= MESSAGES_BETWEEN_SWEEPS_MAX;
    if (isDue && !this.#stopped) void this.sweep();
  }

  /** Looks now, if no look is under way; resolves when it is over. */
  sweep(): Promise<void> {
    this.#running ??= this.#sweep().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  #sweepLater(): void {
    this.#timer = this.#deps.timers.after(SWEEP_MS, () => {
      void this.sweep().then(() => this.#stopped || this.#sweepLater());
    });
  }

  async #sweep(): Promise<void> {
    const { logger, now, messagesMax = WAITING_MESSAGES_MAX } = this.#deps;
    const isCounting = !this.#isCounted || this.#enqueued >= MESSAGES_BETWEEN_SWEEPS_MAX;
    if (isCounting) this.#enqueued = 0;
    this.#isCounted = true;
    const isKnown = this.#known.look();
    const oldMs = millisecondsOf(now()) - UNREAD_KEPT_MS;
    try {
      const left = await this.#walk({ isKnown, oldMs, isCounting, messagesMax });
      if (left <= messagesMax) return;
      await this.#walk({ isKnown, oldMs: Infinity, isCounting: false, messagesMax });
    } catch (error) {
      logger.warn({ err: error }, "messages that nobody will read were not deleted");
    }
  }

  /** Looks at the queues of all devices. Returns how many messages wait for devices that do not exist. */
  async #walk(look: Look): Promise<number> {
    let left = 0;
    let after: Topic = DEVICE_TOPICS as Topic;
    for (let topics: Topic[]; (topics = await this.#topics(after)).length > 0;) {
      after = topics.at(-1) ?? after;
      const isGone = (topic: Topic): boolean => !this.#exists(deviceOf(topic));
      left += await this.#clear(topics.filter(isGone), look);
      if (look.isCounting)
        await this.#bound(
          topics.filter((topic) => !isGone(topic)),
          look,
        );
      if (this.#stopped) return 0;
    }
    return left;
  }

  async #topics(after: Topic): Promise<Topic[]> {
    using snapshot = this.#deps.state.snapshot();
    const bounds = { after: [after], before: [BEYOND_DEVICE_TOPICS] };
    const rows = await snapshot.range(topicVector, { prefix: [], ...bounds, limit: ROWS_AT_ONCE });
    return rows.map(([[topic]]) => topic);
  }

  #exists([user, device]: Device): boolean {
    return deviceExists(this.#deps.state, user, device);
  }

  /**
   * Deletes what waits for devices that do not exist: of many in one write, where each has little. Returns
   * how many messages are left.
   */
  async #clear(topics: readonly Topic[], { isKnown, oldMs }: Look): Promise<number> {
    const { state } = this.#deps;
    let left = 0;
    const rows: QueueRow[] = [];
    const drop = async (): Promise<void> => {
      left += rows.length;
      left -= await dropMessages(state, rows.splice(0), ([[user, device], { time }], dots) => {
        const isOver = millisecondsOf(time) < oldMs && dots.every(isKnown);
        return isOver && !this.#exists([user, device]);
      });
    };
    for (const topic of topics) {
      for await (const part of queueOf(state, deviceOf(topic))) {
        rows.push(...part);
        if (rows.length >= ROWS_AT_ONCE) await drop();
        if (this.#stopped) return 0;
      }
    }
    await drop();
    for (let more = topics; more.length > 0 && !this.#stopped;) {
      more = await this.#forget(more, isKnown);
    }
    return left;
  }

  /**
   * Nobody is told of a device that does not exist: deletes what is left of its topic once nothing waits.
   * Returns the topics that have more.
   */
  async #forget(topics: readonly Topic[], isKnown: Look["isKnown"]): Promise<Topic[]> {
    const { state } = this.#deps;
    using snapshot = state.snapshot();
    const found = await Promise.all(topics.map((topic) => readTopic(snapshot, topic)));
    const more: Topic[] = [];
    let isChanged = false;
    await writing(state, (stage) => {
      for (const { topic, isWaiting, notes, newest } of found) {
        const isSame = JSON.stringify(stage.get(topicVector, [topic])) === JSON.stringify(newest);
        // Every note is of one of the newest or of what these rest on, so with them all are known.
        const isOver = isSame && !isWaiting && dotsOf(newest).every(isKnown);
        if (!isOver || this.#exists(deviceOf(topic))) continue;
        for (const [key] of notes) stage.del(topicLog, key);
        if (notes.length === ROWS_AT_ONCE) more.push(topic);
        else stage.del(topicVector, [topic]);
        isChanged = true;
      }
      return isChanged;
    });
    return more;
  }

  async #bound(topics: readonly Topic[], { messagesMax }: Look): Promise<void> {
    const { state, logger } = this.#deps;
    for (const topic of topics) {
      if (this.#stopped) return;
      const [user, device] = deviceOf(topic);
      const dropped = await boundQueue(state, [user, device], messagesMax);
      if (dropped === 0) continue;
      logger.warn({ user, device, dropped }, "too many messages waited for a device");
    }
  }
}

interface DeviceTopic {
  readonly topic: Topic;
  readonly isWaiting: boolean;
  readonly notes: readonly (readonly [key: readonly [Topic, BoxId, number, number], unknown])[];
  readonly newest: Vector | undefined;
}

async function readTopic(snapshot: Snapshot, topic: Topic): Promise<DeviceTopic> {
  const waiting = await snapshot.range(toDevice, { prefix: deviceOf(topic), limit: 1 });
  const notes = await snapshot.range(topicLog, { prefix: [topic], limit: ROWS_AT_ONCE });
  const newest = snapshot.get(topicVector, [topic]);
  return { topic, isWaiting: waiting.length > 0, notes, newest };
}

function dotsOf(vector: Vector = EMPTY_VECTOR): Dot[] {
  return (Object.entries(vector) as [Origin, number][]).map(([origin, seq]) => ({ origin, seq }));
}

/** The device of its topic: a server's name has no bar, what stands around it may. */
function deviceOf(topic: Topic): Device {
  const text = topic.slice(DEVICE_TOPICS.length);
  const bar = text.indexOf("|", text.indexOf(":"));
  return [text.slice(0, bar) as UserId, text.slice(bar + 1) as DeviceId];
}
