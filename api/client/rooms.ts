import { roomMembers } from "../../core/rooms/queries/room-members.ts";
import {
  joinedMembers,
  roomStateEvent,
  roomStateEvents,
} from "../../core/rooms/queries/room-state.ts";
import { readEvent } from "../../core/timeline/single-event.ts";
import { userEndpoint } from "../endpoint.ts";
import { eventIdOf, roomIdOf } from "../parse-ids.ts";

export const getRoomState = userEndpoint({
  operationId: "getRoomState",
  method: "GET",
  path: "/_matrix/client/v3/rooms/{roomId}/state",
  rateLimit: "default",
  handle: async ({ auth, params }, services) => {
    return {
      json: roomStateEvents(services, { room: roomIdOf(params.roomId), requester: auth }),
    };
  },
});

export const getRoomStateWithKey = userEndpoint({
  operationId: "getRoomStateWithKey",
  method: "GET",
  path: "/_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}",
  // The state key is empty where the path has none.
  aliases: [
    "/_matrix/client/v3/rooms/{roomId}/state/{eventType}",
    "/_matrix/client/v3/rooms/{roomId}/state/{eventType}/",
  ],
  rateLimit: "default",
  handle: async ({ auth, params, query }, services) => {
    return {
      json: roomStateEvent(services, {
        room: roomIdOf(params.roomId),
        requester: auth,
        type: params.eventType,
        stateKey: params.stateKey ?? "",
        format: query.get("format") === "event" ? "event" : "content",
      }),
    };
  },
});

export const getMembersByRoom = userEndpoint({
  operationId: "getMembersByRoom",
  method: "GET",
  path: "/_matrix/client/v3/rooms/{roomId}/members",
  rateLimit: "default",
  handle: async ({ auth, params, query }, services) => {
    const chunk = roomMembers(services, {
      room: roomIdOf(params.roomId),
      requester: auth,
      at: query.get("at") ?? undefined,
      membership: query.get("membership") ?? undefined,
      notMembership: query.get("not_membership") ?? undefined,
    });
    return { json: { chunk } };
  },
});

export const getJoinedMembersByRoom = userEndpoint({
  operationId: "getJoinedMembersByRoom",
  method: "GET",
  path: "/_matrix/client/v3/rooms/{roomId}/joined_members",
  rateLimit: "default",
  handle: async ({ auth, params }, services) => {
    const room = roomIdOf(params.roomId);
    return { json: { joined: joinedMembers(services, { room, requester: auth }) } };
  },
});

export const getOneRoomEvent = userEndpoint({
  operationId: "getOneRoomEvent",
  method: "GET",
  path: "/_matrix/client/v3/rooms/{roomId}/event/{eventId}",
  rateLimit: "default",
  handle: async ({ auth, params }, services) => {
    const room = roomIdOf(params.roomId);
    const event = eventIdOf(params.eventId);
    return { json: await readEvent(services, { requester: auth, room, event }) };
  },
});
