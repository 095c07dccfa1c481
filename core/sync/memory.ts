import type { RoomId, UserId } from "../ids.ts";
import type { Reader } from "../ports.ts";
import type { RoomMeta } from "../tables.ts";
import type { Vector } from "../vector.ts";
import { LAZY_DEVICES_MAX, LISTS_MAX, UNREAD_ENTRIES_MAX } from "./constants.ts";
import type { SentMembers } from "./lazy-members.ts";
import { Lru } from "./lru.ts";
import type { OwnRoom } from "./own-rooms.ts";
import type { KnownRules } from "./push-context.ts";
import type { UnreadEntry } from "./unread.ts";

/** What tells one state of a room from another. */
export interface StateMark {
  readonly heads: RoomMeta["heads"];
  readonly patch?: RoomMeta["patch"] | undefined;
}

/**
 * What a box remembers between requests to be quick. All of it may be forgotten at any time: it saves
 * work and redundant member events, and decides nothing.
 */
export class SyncMemory {
  readonly ownRooms = new Lru<UserId, { readonly at: Vector; readonly rooms: readonly OwnRoom[] }>(
    LISTS_MAX,
  );
  /** Joined members of a room, as of its state. */
  readonly members = new Lru<RoomId, { readonly at: StateMark; readonly users: readonly UserId[] }>(
    LISTS_MAX,
  );
  readonly sentMembers = new Lru<string, SentMembers>(LAZY_DEVICES_MAX);
  readonly rules = new Lru<UserId, KnownRules>(LISTS_MAX);
  readonly unread = new Lru<string, UnreadEntry>(UNREAD_ENTRIES_MAX);
  /** When a user's presence was last said, by `timers.elapsed`. */
  readonly presence = new Lru<UserId, { readonly state: string; readonly atMs: number }>(LISTS_MAX);
  /** The device topic's vector under which a device had been given and had acknowledged all. */
  readonly nothingWaits = new Lru<string, Vector>(LISTS_MAX);
  /** Devices whose acknowledgement of to-device messages is being written. */
  readonly acknowledging = new Set<string>();
}

const memories = new WeakMap<Reader, SyncMemory>();

/** The memory that goes with a box's store. */
export function memoryOf(reader: Reader): SyncMemory {
  let memory = memories.get(reader);
  if (!memory) {
    memory = new SyncMemory();
    memories.set(reader, memory);
  }
  return memory;
}
