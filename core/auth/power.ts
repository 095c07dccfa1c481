import type { DraftPdu, Pdu } from "../event/pdu.ts";
import { isObject, type Json } from "../json.ts";
import type { RoomVersion } from "../room-version/room-version.ts";
import type { AuthState } from "./auth-state.ts";
import { isCreator } from "./creators.ts";

/** What users may do and what it takes to do it. Levels are integers. */
export interface PowerLevels {
  /** `Infinity` for a creator where the room version gives creators infinite power. */
  user(userId: string): number;
  /** What it takes to send an event of this type. */
  event(type: string, isState: boolean): number;
  /** What it takes to notify everyone in this way, e.g. `room`. */
  notifications(kind: string): number;
  readonly ban: number;
  readonly kick: number;
  readonly redact: number;
  readonly invite: number;
}

const CREATOR_LEVEL = 100;
const NOTIFICATION_LEVEL = 50;

/**
 * The levels in force, with the defaults that apply without a power levels event.
 * https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels
 */
export function powerLevels(version: RoomVersion, state: AuthState): PowerLevels {
  return levelsFrom(version, state.get("m.room.create", ""), state.get("m.room.power_levels", ""));
}

export function levelsFrom(
  version: RoomVersion,
  create: DraftPdu | undefined,
  levels: Pdu | undefined,
): PowerLevels {
  return new RoomPower(version, create, levels);
}

/** Reads each level when it is asked for: most checks need two or three of them. */
class RoomPower implements PowerLevels {
  readonly #version: RoomVersion;
  readonly #create: DraftPdu | undefined;
  readonly #levels: Pdu | undefined;

  constructor(version: RoomVersion, create: DraftPdu | undefined, levels: Pdu | undefined) {
    this.#version = version;
    this.#create = create;
    this.#levels = levels;
  }

  get ban(): number {
    return this.#level("ban") ?? 50;
  }
  get kick(): number {
    return this.#level("kick") ?? 50;
  }
  get redact(): number {
    return this.#level("redact") ?? 50;
  }
  get invite(): number {
    return this.#level("invite") ?? 0;
  }

  user(userId: string): number {
    const creator = this.#create !== undefined && isCreator(this.#version, this.#create, userId);
    if (creator && this.#version.auth.creatorPower) return Infinity;
    if (this.#levels === undefined) return creator ? CREATOR_LEVEL : 0;
    return this.#entry("users", userId) ?? this.#level("users_default") ?? 0;
  }

  event(type: string, isState: boolean): number {
    const named = this.#entry("events", type);
    if (named !== undefined) return named;
    return isState ? (this.#level("state_default") ?? 50) : (this.#level("events_default") ?? 0);
  }

  notifications(kind: string): number {
    return this.#entry("notifications", kind) ?? NOTIFICATION_LEVEL;
  }

  #level(name: string): number | undefined {
    return this.#version.readLevel(this.#levels?.content[name]);
  }

  #entry(table: string, name: string): number | undefined {
    const entries: Json | undefined = this.#levels?.content[table];
    if (!isObject(entries) || !Object.hasOwn(entries, name)) return undefined;
    return this.#version.readLevel(entries[name]);
  }
}
