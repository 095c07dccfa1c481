import type { BoxId } from "../../core/ids.ts";
import type { BoxRecord } from "../../mesh/membership/membership.ts";
import { journalKey } from "../../mesh/store/mesh-keys.ts";
import { EffectSink } from "./effect-sink.ts";
import { boxId, Owner, recordOf } from "./owner.ts";
import { drawOptions } from "./options.ts";
import type { SimOptions } from "./options.ts";
import { Prng } from "./prng.ts";
import type { Acknowledged } from "./noting.ts";
import { ACK_WAIT_MS, SimBox } from "./sim-box.ts";
import type { BoxSurroundings } from "./sim-box.ts";
import { SimClock } from "./sim-clock.ts";
import type { SimDisk } from "./sim-disk.ts";
import { SimNetwork } from "./sim-network.ts";
import { Trace } from "./trace.ts";

/** A rule that was broken. */
export interface Violation {
  readonly rule: string;
  readonly what: string;
}

/** Share of losses at which the box's clock goes with its disk. */
const CLOCKS_LOST = 0.5;

/** All boxes that are there from the beginning have met within this long, milliseconds. */
const START_MS_MAX = 30_000;

/** Kept of one run; the first ones tell the story. */
const VIOLATIONS_MAX = 20;

/** The boxes of one run, what they promised, and what was done to them. */
export class World {
  readonly options: SimOptions;
  readonly clock: SimClock;
  readonly prng: Prng;
  readonly trace: Trace;
  readonly network: SimNetwork;
  readonly sink: EffectSink;
  readonly owner: Owner;
  readonly boxes: SimBox[] = [];
  readonly violations: Violation[] = [];
  readonly acknowledged: Acknowledged[] = [];
  /** Journal entries of which every copy was destroyed, by key: nobody can be blamed for their loss. */
  readonly destroyed = new Map<string, string>();
  /** Uploaded content of which every copy was destroyed, by hash. */
  readonly destroyedMedia = new Set<string>();
  /** Faults so far, by kind. */
  readonly faults: Record<string, number> = {};
  /** Requests of clients so far, by outcome. */
  readonly requests: Record<string, number> = {};
  /** Requests with all their tries, by the first word of their name and the last outcome. */
  readonly calls: Record<string, number> = {};
  /** Requests that reached a box so far, each try and each sync counted. */
  operations = 0;
  /** Times that a fault ended a process, by whether its disk was writing. */
  readonly deaths: Record<string, number> = {};
  /** A disk went back or away, and with it what its box had promised to others. */
  hasForgotten = false;
  /** No more faults; clients finish what they began. */
  healing = false;
  readonly #sabotage: BoxSurroundings["sabotage"];
  #members: readonly BoxRecord[] = [];
  /** Boxes that ever were. */
  #added = 0;
  /** Boxes that were ever to be. */
  #named = 0;
  /** Disks of boxes that are gone for good. */
  readonly #gone: SimDisk[] = [];

  constructor(
    seed: string,
    options: Partial<SimOptions> = {},
    keepTrace = false,
    sabotage: BoxSurroundings["sabotage"] = (services) => services,
    clock = new SimClock(),
  ) {
    this.clock = clock;
    this.#sabotage = sabotage;
    this.options = { ...drawOptions(seed), ...options };
    this.prng = new Prng(`world ${seed}`);
    this.trace = new Trace(() => this.clock.nowMs, keepTrace);
    this.network = new SimNetwork(this.clock, this.prng.fork("network"), this.options.weather);
    this.sink = new EffectSink(this.clock, this.prng.fork("sink"), this.options.effectsFail);
    this.owner = new Owner(this);
    this.trace.note(JSON.stringify(this.options));
  }

  readonly note = (what: string): void => this.trace.note(what);

  readonly violate = (rule: string, what: string): void => {
    if (this.violations.length >= VIOLATIONS_MAX) return;
    this.note(`VIOLATION ${rule}: ${what}`);
    this.violations.push({ rule, what });
  };

  /** Has so much gone wrong and been asked for as this seed wants? */
  get hasHadEnough(): boolean {
    const { faultsMin, operationsMin } = this.options;
    const faults = Object.values(this.faults).reduce((sum, count) => sum + count, 0);
    return this.operations >= operationsMin && faults >= faultsMin;
  }

  nextId(): BoxId {
    return boxId(this.#named++);
  }

  /** All that ever belonged to the mesh. */
  get members(): readonly BoxRecord[] {
    return this.#members;
  }

  get serving(): SimBox[] {
    return this.boxes.filter(({ services }) => services !== undefined);
  }

  /** Starts the boxes that are there from the beginning, which know each other. */
  async open(): Promise<void> {
    const ids = Array.from({ length: this.options.boxes }, () => this.nextId());
    this.#members = ids.map(recordOf);
    for (const id of ids) this.#add(id, this.#members);
    for (const box of this.boxes) void box.start();
    await this.clock.run(this.clock.nowMs + START_MS_MAX, () => this.serving.length === ids.length);
  }

  get #isNothingLeft(): boolean {
    return this.boxes.every(({ disk }) => disk.isBlank);
  }

  /** Where nothing is left anywhere, the owner begins again with the first box. */
  #isFounder(box: BoxId): boolean {
    return box === this.boxes[0]?.id && this.#isNothingLeft;
  }

  /** What belongs to the new mesh, the boxes that are there, has never heard of the old one. */
  #found(): readonly BoxRecord[] {
    this.#members = this.boxes.map(({ id }) => recordOf(id));
    for (const box of this.boxes) box.belongTo(this.#members);
    this.owner.begin();
    return this.#members;
  }

  /** Nothing is left: the owner puts a backup back if there is one. The first box may be waiting for others. */
  #beginAgain(): void {
    const saved = this.boxes.find(({ disk }) => disk.hasBackup);
    const box = saved ?? this.boxes[0];
    if (!box) return;
    const isOn = !box.isOff;
    if (isOn) box.kill({ reset: true });
    saved?.disk.restoreBackup();
    if (isOn) void box.start();
  }

  /** Switches a new member on, unless it has been one. It is told who belongs to the mesh. */
  async install(record: BoxRecord, remembered: readonly BoxRecord[]): Promise<void> {
    if (this.#members.some(({ box }) => box === record.box)) return;
    this.#members = [...this.#members, record];
    await this.#add(record.box, remembered).start();
  }

  /** A box is gone for good, with what only it had. */
  takeHome(box: SimBox): void {
    box.isGone = true;
    if (!box.isOff) box.kill({ reset: true });
    this.#gone.push(box.disk);
    this.damage(box, () => box.disk.replace());
    this.boxes.splice(this.boxes.indexOf(box), 1);
  }

  #add(id: BoxId, remembered: readonly BoxRecord[]): SimBox {
    this.#added++;
    const { seed, clockOffsetsMs, oldBoxes } = this.options;
    const place = this.#added - 1;
    // In the end every box has the later version, also one that is switched on only then.
    const isOld = !this.healing && oldBoxes[place] === true;
    const box = new SimBox(
      id,
      seed,
      { clockOffsetMs: clockOffsetsMs[place] ?? 0, isOld, remembered },
      {
        clock: this.clock,
        network: this.network,
        members: () => this.#members,
        isFounder: (box) => this.#isFounder(box),
        found: () => this.#found(),
        sink: this.sink,
        ack: this.options.ack,
        roomLimits: this.options.roomLimits,
        journal: this.options.journal,
        note: this.note,
        acknowledged: (write) => this.#noteAcknowledged(write),
        unexpected: (what) => this.violate("errors", what),
        sabotage: this.#sabotage,
      },
    );
    this.boxes.push(box);
    return box;
  }

  /** Runs until a promise settles. Throws what it throws. */
  async finish<T>(promise: Promise<T> | undefined): Promise<T> {
    let settled = false;
    const note = (): void => {
      settled = true;
    };
    promise?.then(note, note);
    const ended = await this.clock.run(this.clock.nowMs + 60_000, () => settled);
    if (!ended || promise === undefined) throw new Error("the simulation hangs");
    return promise;
  }

  /** Do all boxes serve, with the same on disk? */
  get hasConverged(): boolean {
    const [first] = this.boxes;
    const vector = first?.node?.ledger.vector;
    if (!vector) return false;
    const text = JSON.stringify(sorted(vector));
    return this.boxes.every(({ node, isStopping }) => {
      if (!node || node.isIdle || isStopping) return false;
      const { ledger } = node;
      if (JSON.stringify(sorted(ledger.appliedVector)) !== text) return false;
      return JSON.stringify(sorted(ledger.vector)) === text;
    });
  }

  /** I13: what was acknowledged can be read on every box that was in reach, unless the time to wait was up. */
  #noteAcknowledged(write: Acknowledged): void {
    this.acknowledged.push(write);
    if (this.options.ack !== "reachable" || write.tookMs >= ACK_WAIT_MS) return;
    const { origin, seq } = write.dot;
    for (const { id, disk, damagedMs } of this.boxes) {
      if (!write.inReach.includes(id) || damagedMs >= write.beganMs) continue;
      if (disk.holds(journalKey(origin, seq))) continue;
      this.violate("readable", `${origin} ${seq} of ${write.box} was acknowledged without ${id}`);
    }
  }

  /** When an entry was first on any disk, simulated milliseconds. */
  writtenMs(key: string): number {
    const disks = [...this.boxes.map(({ disk }) => disk), ...this.#gone];
    return Math.min(...disks.map(({ writtenMs }) => writtenMs.get(key) ?? Infinity));
  }

  /** Every entry that was ever on a disk, by key; as it is now where a disk has it. */
  history(): Map<string, string> {
    const history = new Map<string, string>();
    const disks = [...this.#gone, ...this.boxes.map(({ disk }) => disk)];
    for (const { seen } of disks) for (const [key, text] of seen) history.set(key, text);
    for (const { disk } of this.boxes) {
      for (const [key, text] of disk.journal()) history.set(key, text);
    }
    return history;
  }

  /** Is a word part of an entry of which every copy was destroyed? */
  isDestroyed(part: string): boolean {
    for (const text of this.destroyed.values()) if (text.includes(part)) return true;
    return false;
  }

  /**
   * Takes a box's disk back to an earlier state, or away. Entries that no other disk holds are lost
   * by right.
   */
  damage(box: SimBox, how: () => void): void {
    const held = [...this.history()].filter(([key]) => box.disk.holds(key));
    const media = [...box.disk.media.keys()];
    box.damagedMs = this.clock.nowMs;
    how();
    const others = this.boxes.filter((other) => other !== box);
    for (const hash of media) {
      if (!this.boxes.some(({ disk }) => disk.media.has(hash))) this.destroyedMedia.add(hash);
    }
    let lost = 0;
    for (const [key, text] of held) {
      if (box.disk.holds(key)) continue;
      lost++;
      if (!others.some(({ disk }) => disk.holds(key))) this.destroyed.set(key, text);
    }
    if (lost > 0) this.hasForgotten = true;
    if (lost > 0 && this.prng.chance(CLOCKS_LOST)) box.clock.lose();
    this.note(`${box.id} lost ${lost} entries of its disk`);
    if (this.#isNothingLeft) this.#beginAgain();
  }
}

export function sorted<V>(record: Readonly<Record<string, V>>): [string, V][] {
  return Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
