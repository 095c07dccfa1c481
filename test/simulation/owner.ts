import type { BoxId } from "../../core/ids.ts";
import { putBox, removeBox } from "../../mesh/membership/membership.ts";
import type { BoxRecord } from "../../mesh/membership/membership.ts";
import { APART } from "../../mesh/snapshot/renewal.ts";
import type { SimBox } from "./sim-box.ts";

/** What an owner has before him. */
interface Estate {
  readonly boxes: readonly SimBox[];
  readonly serving: readonly SimBox[];
  /** The name of the next box. */
  readonly nextId: BoxId;
  /** Faults so far, by kind. */
  readonly faults: Record<string, number>;
  /** A disk went back or away. */
  readonly hasForgotten: boolean;
  readonly note: (what: string) => void;
  install(record: BoxRecord): Promise<void>;
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

  constructor(estate: Estate) {
    this.#estate = estate;
  }

  /** A mesh is made, of which nobody was removed. */
  begin(): void {
    this.#removed = undefined;
    this.#isCertain = false;
  }

  /** A box joins the mesh, introduced by one that is a member; as the manual says, while all are connected. Says whether one does. */
  async introduce(): Promise<boolean> {
    const { boxes, nextId, note } = this.#estate;
    const host = boxes.find(({ node }) => node?.replicator.isCaughtUp());
    if (!host?.node || this.#removedBox || !this.#isWhole(host, boxes)) return false;
    const record = recordOf(nextId);
    try {
      await host.node.runner.run(putBox, record);
    } catch (error) {
      note(`${record.box} was not introduced: ${(error as Error).message}`);
      return false;
    }
    await this.#estate.install(record);
    return true;
  }

  /** Starts the boxes that are members though nobody was told so. */
  async installExpected(): Promise<void> {
    const { serving } = this.#estate;
    const expected = new Set(serving.flatMap(({ node }) => node?.memberIds() ?? []));
    for (const id of expected) await this.#estate.install(recordOf(id));
  }

  /**
   * Takes a box out of the mesh, once in a run and from another one. As the manual says, all the others
   * are connected, know the same boxes, and no box is being added. Says whether it was tried.
   */
  async remove(box: SimBox): Promise<boolean> {
    const { boxes, note } = this.#estate;
    const others = boxes.filter((other) => other !== box);
    const [host] = others;
    if (this.#removed !== undefined || box === boxes[0] || !host?.node) return false;
    if (!this.#isWhole(host, others)) return false;
    this.#removed = box.id;
    try {
      await host.node.runner.run(removeBox, box.id);
      this.#isCertain = true;
    } catch (error) {
      note(`whether ${box.id} was removed is not known: ${(error as Error).message}`);
    }
    return true;
  }

  /** Do all of these serve, connected to one of them, and know the same boxes? */
  #isWhole(host: SimBox, boxes: readonly SimBox[]): boolean {
    const peers = host.node?.replicator.peers().map(({ box }) => box) ?? [];
    const linked = new Set([host.id, ...peers]);
    const there = ids(this.#estate.boxes.map(({ id }) => id));
    return boxes.every(
      ({ id, services, node }) =>
        services && linked.has(id) && ids(node?.memberIds() ?? []) === there,
    );
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

function ids(boxes: readonly BoxId[]): string {
  return boxes.toSorted().join();
}

export function boxId(index: number): BoxId {
  return "abcdefgh".charAt(index).repeat(8) as BoxId;
}

export function recordOf(box: BoxId): BoxRecord {
  return { box, name: box, peerId: `peer-${box}`, addresses: [], added: 0 };
}
