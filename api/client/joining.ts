import { resolveRoom } from "../../core/directory/resolve-room.ts";
import { forbidden } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import { joinRoom as join } from "../../core/rooms/commands/join-room.ts";
import { userEndpoint } from "../endpoint.ts";
import { roomIdOf, textOf } from "../parse-ids.ts";

export const joinRoomById = userEndpoint({
  operationId: "joinRoomById",
  method: "POST",
  path: "/_matrix/client/v3/rooms/{roomId}/join",
  rateLimit: "default",
  bodySchema: "joinRoomById",
  bodyOptional: true,
  handle: async ({ auth, params, body }, services) => {
    refuseThirdPartySigned(body);
    const room = roomIdOf(params.roomId);
    await join(services, { room, user: auth.user, reason: textOf(body["reason"]) });
    return { json: { room_id: room } };
  },
});

export const joinRoom = userEndpoint({
  operationId: "joinRoom",
  method: "POST",
  path: "/_matrix/client/v3/join/{roomIdOrAlias}",
  rateLimit: "default",
  bodySchema: "joinRoom",
  bodyOptional: true,
  handle: async ({ auth, params, body }, services) => {
    refuseThirdPartySigned(body);
    const room = resolveRoom(services, params.roomIdOrAlias);
    await join(services, { room, user: auth.user, reason: textOf(body["reason"]) });
    return { json: { room_id: room } };
  },
});

function refuseThirdPartySigned(body: JsonObject): void {
  if (body["third_party_signed"] === undefined) return;
  throw forbidden("Invites by email address or phone number are not available on this server.");
}
