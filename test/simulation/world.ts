import type { BoxId } from "../../core/ids.ts";
import { putBox } from "../../mesh/membership/membership.ts";
import type { BoxRecord } from "../../mesh/membership/membership.ts";
import { APART } from "../../mesh/snapshot/renewal.ts";
import { EffectSink } from "./effect-sink.ts";
import { drawOptions } from "./options.ts";
import type { SimOptions } from "./options.ts";
import { Prng } from "./prng.ts";
import type { Acknowledged } from "./noting.ts";
import { SimBox } from "./sim-box.ts";
import type { BoxSurroundings } from "./sim-box.ts";
import { SimClock } from "./sim-clock.ts";
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
  /** Times that a fault ended a process, by whether its disk was writing. */
  readonly deaths: Record<string, number> = {};
  /** A disk went back or away, and with it what its box had promised to others. */
  hasForgotten = false;
  /** No more faults; clients finish what they began. */
  healing = false;
  readonly #sabotage: BoxSurroundings["sabotage"];
  #members: readonly BoxRecord[] = [];

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
    this.trace.note(JSON.stringify(this.options));
  }

  readonly note = (what: string): void => this.trace.note(what);

  readonly violate = (rule: string, what: string): void => {
    if (this.violations.length >= VIOLATIONS_MAX) return;
    this.note(`VIOLATION ${rule}: ${what}`);
    this.violations.push({ rule, what });
  };

  get serving(): SimBox[] {
    return this.boxes.filter(({ services }) => services !== undefined);
  }

  /** Starts the boxes that are there from the beginning, which know each other. */
  async open(): Promise<void> {
    const ids = Array.from({ length: this.options.boxes }, (_, i) => boxId(i));
    this.#members = ids.map(recordOf);
    for (const id of ids) this.#add(id);
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

  /** A box joins the mesh, introduced by one that is a member. */
  async introduce(): Promise<void> {
    const host = this.serving.find(({ node }) => node?.replicator.isCaughtUp());
    if (!host?.node) return;
    const record = recordOf(boxId(this.boxes.length));
    try {
      await host.node.runner.run(putBox, record);
    } catch (error) {
      this.note(`${record.box} was not introduced: ${(error as Error).message}`);
      return;
    }
    await this.#install(record);
  }

  /** Starts the boxes that are members though nobody was told so, as their owner would. */
  async installExpected(): Promise<void> {
    const expected = new Set(this.serving.flatMap(({ node }) => node?.memberIds() ?? []));
    for (const id of expected) await this.#install(recordOf(id));
  }

  async #install(record: BoxRecord): Promise<void> {
    if (this.boxes.some(({ id }) => id === record.box)) return;
    this.#members = [...this.#members, record];
    await this.#add(record.box).start();
  }

  #add(id: BoxId): SimBox {
    const box = new SimBox(
      id,
      this.options.seed,
      this.options.clockOffsetsMs[this.boxes.length] ?? 0,
      {
        clock: this.clock,
        network: this.network,
        members: () => this.#members,
        isFounder: (box) => this.#isFounder(box),
        sink: this.sink,
        ack: this.options.ack,
        roomLimits: this.options.roomLimits,
        journal: this.options.journal,
        note: this.note,
        acknowledged: (write) => this.acknowledged.push(write),
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
    return this.boxes.every(({ node }) => {
      if (!node || node.isLost) return false;
      const { ledger } = node;
      if (JSON.stringify(sorted(ledger.appliedVector)) !== text) return false;
      return JSON.stringify(sorted(ledger.vector)) === text;
    });
  }

  /**
   * Where disks that went back have left boxes that dropped what others lack, they say so, and their owner
   * keeps the one with the longest history and gives the others new disks. Says how many.
   */
  replaceApart(): number {
    if (!this.hasForgotten) return 0;
    const apart = this.boxes.filter(({ node }) => node?.renewal.report()?.problem === APART);
    const length = ({ disk }: SimBox): number => disk.seen.size;
    const [, ...others] = apart.toSorted((a, b) => length(b) - length(a));
    for (const box of others) {
      this.faults["replaced-apart"] = (this.faults["replaced-apart"] ?? 0) + 1;
      box.kill({ reset: true });
      this.damage(box, () => box.disk.replace());
      void box.start();
    }
    return others.length;
  }

  /** Every entry that was ever on a disk, by key; as it is now where a disk has it. */
  history(): Map<string, string> {
    const history = new Map<string, string>();
    for (const { disk } of this.boxes) for (const [key, text] of disk.seen) history.set(key, text);
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
    if (lost > 0 && this.prng.chance(CLOCKS_LOST)) box.loseClock();
    this.note(`${box.id} lost ${lost} entries of its disk`);
    if (this.#isNothingLeft) this.#beginAgain();
  }
}

export function sorted<V>(record: Readonly<Record<string, V>>): [string, V][] {
  return Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function boxId(index: number): BoxId {
  return "abcdefgh".charAt(index).repeat(8) as BoxId;
}

function recordOf(box: BoxId): BoxRecord {
  return { box, name: box, peerId: `peer-${box}`, addresses: [], added: 0 };
}
