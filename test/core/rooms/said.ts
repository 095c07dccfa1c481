import type { EventId, RoomId, UserId } from "../../../core/ids.ts";
import type { JsonObject } from "../../../core/json.ts";
import { buildCreateEvent, sendInRoom } from "../../../core/rooms/build-event.ts";
import type { ClientTransaction, NewEvent } from "../../../core/rooms/build-event.ts";
import { roomVersion } from "../../../core/room-version/table.ts";
import type { StoredEvent } from "../../../core/tables.ts";
import { ALICE } from "./ledger-box.ts";
import type { LedgerBox } from "./ledger-box.ts";

/** What a member wants to say; the room is known. */
export type Said = Omit<NewEvent, "room">;

export const said = {
  message: (sender: UserId, body = "hello", more: JsonObject = {}): Said => ({
    sender,
    type: "m.room.message",
    content: { msgtype: "m.text", body, ...more },
  }),
  state: (sender: UserId, type: string, content: JsonObject, stateKey = ""): Said => ({
    sender,
    type,
    stateKey,
    content,
  }),
  topic: (sender: UserId, topic: string): Said => said.state(sender, "m.room.topic", { topic }),
  member: (sender: UserId, target: UserId, membership: string, more: JsonObject = {}): Said =>
    said.state(sender, "m.room.member", { ...more, membership }, target),
  join: (user: UserId): Said => said.member(user, user, "join"),
  redaction: (sender: UserId, redacts: EventId): Said => ({
    sender,
    type: "m.room.redaction",
    content: {},
    redacts,
  }),
};

/** Sends an event through the front door of a box. Rejects with MatrixError 403. */
export function send(
  box: LedgerBox,
  room: RoomId,
  event: Said,
  txn?: ClientTransaction,
): Promise<StoredEvent> {
  return box.run((draft, _, env) => sendInRoom(draft, env, { ...event, room }, txn));
}

export interface RoomOptions {
  readonly version?: string;
  readonly members?: readonly UserId[];
  readonly createContent?: JsonObject;
  /** Added to the content of the power levels. */
  readonly levels?: JsonObject;
}

/** A public room of Alice's with these members. */
export function openRoom(box: LedgerBox, options: RoomOptions = {}): Promise<RoomId> {
  const { version = "12", members = [], createContent = {}, levels = {} } = options;
  return box.run((draft, _, env) => {
    const row = roomVersion(version);
    // Where the room ID is a hash, two rooms must not be opened with equal words.
    const content = { ...createContent, "org.example.room": box.entries.length };
    const create = buildCreateEvent(env, row, { creator: ALICE, content });
    const { room } = draft.appendEvent(create);
    const users = row.auth.creatorPower ? {} : { [ALICE]: 100 };
    const opening = [
      said.join(ALICE),
      said.state(ALICE, "m.room.power_levels", {
        ...levels,
        users: { ...users, ...(levels["users"] as JsonObject | undefined) },
      }),
      said.state(ALICE, "m.room.join_rules", { join_rule: "public" }),
      ...members.map(said.join),
    ];
    for (const event of opening) sendInRoom(draft, env, { ...event, room });
    return room;
  });
}
