import type { BoxId } from "../../core/ids.ts";
import type { Timers } from "../../core/ports.ts";
import type { Member, Transport } from "../transport/transport.ts";

/** A box that was removed is given this long to hear of it before it is cut off, milliseconds. */
const FAREWELL_MS_MAX = 500;

/**
 * Tells the transport whom to connect with. A box that is removed while it is connected stays just long
 * enough to learn it: it then sends its clients away, who would otherwise write where nobody reads.
 */
export class Farewell {
  readonly #transport: Pick<Transport, "links" | "setMembers">;
  readonly #timers: Timers;
  readonly #leaving = new Map<BoxId, { readonly member: Member; cancel(): void }>();
  #members: readonly Member[] = [];

  constructor(transport: Pick<Transport, "links" | "setMembers">, timers: Timers) {
    this.#transport = transport;
    this.#timers = timers;
  }

  setMembers(members: readonly Member[]): void {
    const stays = new Set(members.map(({ box }) => box));
    const linked = new Set(this.#transport.links().map(({ box }) => box));
    for (const member of this.#members) {
      const { box } = member;
      if (stays.has(box) || !linked.has(box) || this.#leaving.has(box)) continue;
      const { cancel } = this.#timers.after(FAREWELL_MS_MAX, () => this.knows(box));
      this.#leaving.set(box, { member, cancel });
    }
    this.#members = members;
    this.#tell();
  }

  /** A box has everything that is known here: if it was removed, it is cut off now. */
  knows(box: BoxId): void {
    const leaving = this.#leaving.get(box);
    if (!leaving) return;
    leaving.cancel();
    this.#leaving.delete(box);
    this.#tell();
  }

  stop(): void {
    for (const { cancel } of this.#leaving.values()) cancel();
    this.#leaving.clear();
  }

  #tell(): void {
    const leaving = [...this.#leaving.values()].map(({ member }) => member);
    this.#transport.setMembers([...this.#members, ...leaving]);
  }
}
