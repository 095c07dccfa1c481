import { AuthError } from "../../core/auth/auth-error.ts";
import { checkAuthEvents } from "../../core/auth/auth-events.ts";
import { authorise } from "../../core/auth/authorise.ts";
import type { AuthState } from "../../core/auth/auth-state.ts";
import { contentHash } from "../../core/event/hash.ts";
import { prevEventIds } from "../../core/event/pdu.ts";
import type { Pdu } from "../../core/event/pdu.ts";
import { redact } from "../../core/event/redact.ts";
import { stateKeyOf } from "../../core/event/state-key.ts";
import type { StateMap } from "../../core/event/state-key.ts";
import type { EventId } from "../../core/ids.ts";
import type { RoomVersion } from "../../core/room-version/room-version.ts";
import { resolveState } from "../../core/state-res/resolve-state.ts";
import type { EventRecord, Transaction } from "../../core/transaction/records.ts";

/**
 * A room computed from all of its events as they were sent, by nothing but the auth rules and state
 * resolution: no documents, no indexes, nothing kept from one event to the next but its state. The same
 * for events that no box should have let in.
 */
export class WholeDag {
  readonly pdus = new Map<EventId, Pdu>();
  readonly after = new Map<EventId, StateMap>();
  readonly before = new Map<EventId, StateMap>();
  readonly rejected = new Set<EventId>();
  readonly #version: RoomVersion;
  readonly #tips = new Set<EventId>();

  /** In some causal order. */
  constructor(version: RoomVersion, transactions: readonly Pick<Transaction, "records">[]) {
    this.#version = version;
    for (const { records } of transactions) {
      for (const record of records) if (record.kind === "event") this.#add(record);
    }
  }

  get tips(): EventId[] {
    return [...this.#tips].toSorted();
  }

  get state(): StateMap {
    return this.#resolve(this.tips);
  }

  /** What refuses the event, if so, at its place and by what it cites. */
  refusal(id: EventId): string | undefined {
    const pdu = this.pdus.get(id) as Pdu;
    const lookUp = (cited: EventId): { event: Pdu; rejected: boolean } => {
      const event = this.pdus.get(cited);
      if (!event) throw new AuthError(`${cited} is not there`);
      return { event, rejected: this.rejected.has(cited) };
    };
    try {
      authorise(this.#version, pdu, checkAuthEvents(this.#version, pdu, lookUp));
      authorise(this.#version, pdu, this.#authState(this.before.get(id) ?? new Map()));
      return undefined;
    } catch (error) {
      if (error instanceof AuthError) return error.message;
      throw error;
    }
  }

  #add({ id, pdu: claimed, softFailed }: EventRecord): void {
    const isWhole = contentHash(this.#version, claimed) === claimed.hashes.sha256;
    const pdu = isWhole ? claimed : redact(this.#version, claimed);
    const parents = prevEventIds(pdu);
    const before = this.#resolve(parents);
    this.pdus.set(id, pdu);
    this.before.set(id, before);
    const refused =
      parents.some((parent) => this.rejected.has(parent)) || this.refusal(id) !== undefined;
    if (refused) this.rejected.add(id);
    const after = new Map(before);
    if (pdu.state_key !== undefined && !refused) {
      after.set(stateKeyOf(pdu.type, pdu.state_key), id);
    }
    this.after.set(id, after);
    if (refused || softFailed) return;
    for (const parent of parents) this.#tips.delete(parent);
    this.#tips.add(id);
  }

  #resolve(ids: readonly EventId[]): StateMap {
    const states = ids.map((id) => this.after.get(id) as StateMap);
    return resolveState(
      this.#version,
      states,
      (id) => this.pdus.get(id),
      (id) => this.rejected.has(id),
    );
  }

  #authState(state: StateMap): AuthState {
    return {
      get: (type, stateKey) => {
        const id = state.get(stateKeyOf(type, stateKey));
        return id === undefined ? undefined : this.pdus.get(id);
      },
    };
  }
}
