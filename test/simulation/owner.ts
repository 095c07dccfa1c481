import { attendance } from "../../bin/box/majority.ts";
import type { BoxId } from "../../core/ids.ts";
import { putBox, removeBox } from "../../mesh/membership/membership.ts";
import type { BoxRecord } from "../../mesh/membership/membership.ts";
import { APART } from "../../mesh/snapshot/renewal.ts";
import type { SimBox } from "./sim-box.ts";

/** As many as the simulation has at one time. */
const BOXES_MAX = 5;
/** What the names of boxes are made of. */
const NAMES = "abcdefghijklmnopqrstuvwxyz234567";

/** What an owner has before him. */
interface Estate {
  readonly boxes: readonly SimBox[];
  readonly serving: readonly SimBox[];
  /** The name of one more box, that no other one has. */
  nextId(): BoxId;
  /** Faults so far, by kind. */
  readonly faults: Record<string, number>;
  /** A disk went back or away. */
  readonly hasForgotten: boolean;
  readonly note: (what: string) => void;
  install(record: BoxRecord, remembered: readonly BoxRecord[]): Promise<void>;
  takeHome(box: SimBox): void;
  damage(box: SimBox, how: () => void): void;
}

/** Whoever looks after the boxes: adds one, takes one out, and does what the manual says about broken ones. */
export class Owner {
  readonly #estate: Estate;
  /** The one box that was taken out of the mesh, if any. */
  #removed: BoxId | undefined;
  /** He was told that it is removed. */
  #isCertain = false;
  /** Boxes that are being introduced. */
  #coming = 0;

  constructor(estate: Estate) {
    this.#estate = estate;
  }

  /** A mesh is made, of which nobody was removed. */
  begin(): void {
    this.#removed = undefined;
    this.#isCertain = false;
  }

  /** A box joins the mesh, introduced by one that sees most of the others. Says whether one does. */
  async introduce(host: SimBox): Promise<boolean> {
    const { note } = this.#estate;
    const { node } = host;
    if (!node || this.#isRemoving || !this.#seesMost(host)) return false;
    if (this.#estate.boxes.length + this.#coming >= BOXES_MAX) return false;
    const record = recordOf(this.#estate.nextId());
    this.#coming++;
    try {
      await node.runner.run(putBox, record);
      await this.#estate.install(record, node.membership.members());
      return true;
    } catch (error) {
      note(`${record.box} was not introduced: ${(error as Error).message}`);
      return false;
    } finally {
      this.#coming--;
    }
  }

  /** Starts the boxes that are members though nobody was told so. */
  async installExpected(): Promise<void> {
    for (const { node } of this.#estate.serving) {
      const members = node?.membership.members() ?? [];
      for (const { box } of members) await this.#estate.install(recordOf(box), members);
    }
  }

  /**
   * Takes a box out of the mesh, once in a run and from another one that sees most of them and lists all
   * that there are, while none is being added. Says whether it was tried.
   */
  async remove(box: SimBox): Promise<boolean> {
    const { boxes, note } = this.#estate;
    if (this.#removed !== undefined || this.#coming > 0 || box === boxes[0]) return false;
    const there = ids(boxes);
    const host = boxes.find(
      (other) => other !== box && this.#seesMost(other) && other.node?.memberIds().join() === there,
    );
    if (!host?.node || !this.#canMeetWithout(box)) return false;
    this.#removed = box.id;
    try {
      await host.node.runner.run(removeBox, box.id);
      this.#isCertain = true;
    } catch (error) {
      note(`whether ${box.id} was removed is not known: ${(error as Error).message}`);
    }
    return true;
  }

  /** A box that was not told of those that joined meets nobody once the last one that it knew is gone. */
  #canMeetWithout(box: SimBox): boolean {
    const rest = this.#estate.boxes.filter((other) => other !== box);
    const canMeet = (a: SimBox, b: SimBox): boolean => a !== b && a.knows(b.id) && b.knows(a.id);
    return rest.length === 1 || rest.every((one) => rest.some((other) => canMeet(one, other)));
  }

  #seesMost({ id, services, node }: SimBox): boolean {
    if (!services || !node) return false;
    return attendance(id, node.replicator.peers(), node.memberIds()).isMost;
  }

  /** Is a box to go, and still there? Then none is added. */
  get #isRemoving(): boolean {
    return this.#estate.boxes.some(({ id }) => id === this.#removed);
  }

  /** Was a box taken out of the mesh? It stays in sync tokens, with the lives that it never closed. */
  get hasRemoved(): boolean {
    return this.#removed !== undefined;
  }

  /** Is it still there, though it does not belong to the mesh any more? */
  get hasToSwitchOff(): boolean {
    return this.#removedBox !== undefined;
  }

  get #removedBox(): SimBox | undefined {
    const { boxes } = this.#estate;
    const removed = boxes.find(({ id }) => id === this.#removed);
    if (!removed) return undefined;
    return this.#isCertain || boxes.some((box) => box.knowsRemoved(removed.id))
      ? removed
      : undefined;
  }

  /** Takes the box home that was removed. */
  switchOffRemoved(): void {
    if (this.#removedBox) this.#estate.takeHome(this.#removedBox);
  }

  /**
   * Where disks that went back have forgotten whom they let in, nobody knows that box: it is taken home, to
   * join anew. Says how many.
   */
  takeForgotten(): number {
    const { boxes, faults, hasForgotten } = this.#estate;
    if (!hasForgotten) return 0;
    const length = ({ disk }: SimBox): number => disk.seen.size;
    let count = 0;
    for (const box of boxes.toSorted((a, b) => length(a) - length(b))) {
      const others = boxes.filter((other) => other !== box);
      if (others.length === 0 || others.some(({ node }) => !node)) break;
      if (others.some(({ node }) => node?.memberIds().includes(box.id))) continue;
      faults["forgotten-box"] = (faults["forgotten-box"] ?? 0) + 1;
      this.#estate.takeHome(box);
      count++;
    }
    return count;
  }

  /**
   * Where disks that went back have left boxes that dropped what others lack, they say so: the one with the
   * longest history is kept, and the others get new disks. Says how many.
   */
  replaceApart(): number {
    const { boxes, faults, hasForgotten } = this.#estate;
    if (!hasForgotten) return 0;
    const apart = boxes.filter(({ node }) => node?.renewal.report()?.problem === APART);
    const length = ({ disk }: SimBox): number => disk.seen.size;
    const [, ...others] = apart.toSorted((a, b) => length(b) - length(a));
    for (const box of others) {
      faults["replaced-apart"] = (faults["replaced-apart"] ?? 0) + 1;
      box.kill({ reset: true });
      this.#estate.damage(box, () => box.disk.replace());
      void box.start();
    }
    return others.length;
  }
}

function ids(boxes: readonly SimBox[]): string {
  return boxes
    .map(({ id }) => id)
    .toSorted()
    .join();
}

export function boxId(index: number): BoxId {
  const round = Math.floor(index / NAMES.length);
  const letter = (i: number): string => NAMES.charAt(i % NAMES.length);
  return (letter(index).repeat(7) + letter(index + round)) as BoxId;
}

export function recordOf(box: BoxId): BoxRecord {
  return { box, name: box, peerId: `peer-${box}`, addresses: [], added: 0 };
}
