import { parseRoomId } from "../ids.ts";
import type { RoomId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { Snapshot } from "../ports.ts";
import { stateText } from "../rooms/queries/room-facts.ts";
import { events, roomState } from "../tables.ts";
import type { StoredEvent } from "../tables.ts";
import { strippedEvent } from "../timeline/client-event.ts";

/** Rooms directly in one space. */
const SPACE_CHILDREN_MAX = 1000;

export interface SpaceChild {
  readonly room: RoomId;
  readonly event: StoredEvent;
}

/** The rooms that a space names as its children, in the order of the specification. */
export async function childrenOf(
  snapshot: Snapshot,
  space: RoomId,
  suggestedOnly: boolean,
): Promise<SpaceChild[]> {
  if (stateText(snapshot, space, "m.room.create", "type") !== "m.space") return [];
  const rows = await snapshot.range(roomState, {
    prefix: [space, "m.space.child"],
    limit: SPACE_CHILDREN_MAX,
  });
  return rows
    .flatMap(([[, , key], id]): SpaceChild[] => {
      const room = parseRoomId(key);
      const event = snapshot.get(events, [id]);
      // Without servers to join through, the room is no child any more.
      if (!room || !event || !Array.isArray(event.pdu.content["via"])) return [];
      return suggestedOnly && event.pdu.content["suggested"] !== true ? [] : [{ room, event }];
    })
    .toSorted(compareChildren);
}

/**
 * By `order` where it is valid, then by the time of the event, then by room ID.
 * https://spec.matrix.org/v1.19/client-server-api/#ordering-of-children-within-a-space
 */
function compareChildren(a: SpaceChild, b: SpaceChild): number {
  const [aOrder, bOrder] = [orderOf(a), orderOf(b)];
  if (aOrder !== bOrder) {
    if (aOrder === undefined) return 1;
    if (bOrder === undefined) return -1;
    return aOrder < bOrder ? -1 : 1;
  }
  const [aTs, bTs] = [a.event.pdu.origin_server_ts, b.event.pdu.origin_server_ts];
  if (aTs !== bTs) return aTs - bTs;
  return a.room < b.room ? -1 : 1;
}

/** At most 50 printable ASCII characters; anything else counts as none. */
function orderOf({ event }: SpaceChild): string | undefined {
  const { order } = event.pdu.content;
  return typeof order === "string" && /^[\x20-\x7e]{1,50}$/.test(order) ? order : undefined;
}

export function childEventJson({ event }: SpaceChild): JsonObject {
  return { ...strippedEvent(event), origin_server_ts: event.pdu.origin_server_ts };
}
