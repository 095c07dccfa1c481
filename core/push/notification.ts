import type { JsonObject } from "../json.ts";
import type { View } from "../ports.ts";
import { stateText } from "../rooms/queries/room-facts.ts";
import type { StoredEvent } from "../tables.ts";
import type { PushOutcome } from "./evaluate.ts";
import type { Gateway } from "./pushers.ts";

/** A request of the push gateway API, https://spec.matrix.org/v1.19/push-gateway-api/. */
export type Notification = JsonObject & { readonly notification: JsonObject };

/** Says that an event notifies the user. `unread`: messages across all rooms. */
export function eventNotification(
  view: View,
  gateway: Gateway,
  event: StoredEvent,
  outcome: PushOutcome,
  unread: number,
): Notification {
  const { pdu, room, id } = event;
  // What an encrypted event is about only the app can tell.
  const isUrgent = outcome.tweaks !== undefined || pdu.type === "m.room.encrypted";
  const brief = {
    event_id: id,
    room_id: room,
    // A count of zero is left out.
    counts: unread === 0 ? {} : { unread },
    prio: isUrgent ? "high" : "low",
    devices: devicesOf(gateway, outcome.tweaks),
  };
  if (gateway.idOnly) return { notification: brief };
  const sender = stateText(view, room, "m.room.member", "displayname", pdu.sender);
  const name = stateText(view, room, "m.room.name", "name");
  const alias = stateText(view, room, "m.room.canonical_alias", "alias");
  const isMember = pdu.type === "m.room.member";
  return {
    notification: {
      ...brief,
      type: pdu.type,
      sender: pdu.sender,
      content: pdu.content,
      ...(sender === undefined ? {} : { sender_display_name: sender }),
      ...(name === undefined ? {} : { room_name: name }),
      ...(alias === undefined ? {} : { room_alias: alias }),
      ...(isMember ? { user_is_target: pdu.state_key === gateway.user } : {}),
    },
  };
}

/**
 * Says how much is unread and nothing else.
 * NOTSPEC: zero is named, which the specification leaves out: nothing else clears the number on an icon.
 */
export function badgeNotification(gateway: Gateway, unread: number): Notification {
  return { notification: { counts: { unread }, prio: "low", devices: devicesOf(gateway) } };
}

function devicesOf({ pushers }: Gateway, tweaks?: JsonObject): JsonObject[] {
  return pushers.map(({ appId, pushkey, ts, data }) => {
    const { url: _, ...rest } = data;
    return {
      app_id: appId,
      pushkey,
      pushkey_ts: Math.floor(ts / 1000),
      data: rest,
      ...(tweaks ? { tweaks } : {}),
    };
  });
}
