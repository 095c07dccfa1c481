import { getVisibility } from "../../directory/visibility.ts";
import type { RoomId } from "../../ids.ts";
import type { JsonObject } from "../../json.ts";
import type { Requester, Services } from "../../services.ts";
import { memberships } from "../../tables.ts";
import { NO_FILTER } from "../../timeline/event-filter.ts";
import { readMessages } from "../../timeline/messages.ts";
import { roomDataContent, roomDataTypes } from "../../user-data/room-account-data.ts";
import { roomStateEvents } from "./room-state.ts";
import type { RoomQuery } from "./room-state.ts";

/** Memberships that the answer may name. */
const NAMED: ReadonlySet<string> = new Set(["invite", "join", "leave", "ban"]);

type InitialDeps = Pick<
  Services,
  "reader" | "documents" | "isCaughtUp" | "now" | "notifier" | "timers"
>;

/**
 * A room at one look, also for those who may read it without being in it.
 * https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidinitialsync
 * @throws MatrixError 403 M_FORBIDDEN
 */
export async function readRoomAtOnce(deps: InitialDeps, query: RoomQuery): Promise<JsonObject> {
  const { room, requester } = query;
  const page = await readMessages(deps, {
    requester,
    room,
    from: undefined,
    to: undefined,
    direction: "backwards",
    limit: undefined,
    filter: NO_FILTER,
  });
  // Read after the messages: what they say of the state may be older than the state, not newer.
  const state = roomStateEvents(deps, query);
  const membership = deps.reader.get(memberships, [requester.user, room])?.membership;
  const events = Array.isArray(page["chunk"]) ? page["chunk"] : [];
  return {
    room_id: room,
    ...(membership !== undefined && NAMED.has(membership) ? { membership } : {}),
    messages: {
      ...(page["end"] === undefined ? {} : { start: page["end"] }),
      end: page["start"],
      chunk: events.toReversed(),
    },
    state,
    visibility: getVisibility(deps, room),
    account_data: await accountDataOf(deps, requester, room),
  };
}

async function accountDataOf(
  { reader }: Pick<Services, "reader">,
  { user }: Requester,
  room: RoomId,
): Promise<JsonObject[]> {
  using snapshot = reader.snapshot();
  const events: JsonObject[] = [];
  for (const type of await roomDataTypes(snapshot, user, room)) {
    events.push({ type, content: await roomDataContent(snapshot, user, room, type) });
  }
  return events;
}
