import { upgradeRoom as upgrade } from "../../core/rooms/commands/upgrade-room.ts";
import { userEndpoint } from "../endpoint.ts";
import { roomIdOf, textOf, userIdOf } from "../parse-ids.ts";

export const upgradeRoom = userEndpoint({
  operationId: "upgradeRoom",
  method: "POST",
  path: "/_matrix/client/v3/rooms/{roomId}/upgrade",
  rateLimit: "default",
  bodySchema: "upgradeRoom",
  handle: async ({ auth, params, body }, services) => {
    const { new_version: newVersion, additional_creators: creators } = body;
    const replacement = await upgrade(services, {
      room: roomIdOf(params.roomId),
      user: auth.user,
      newVersion: textOf(newVersion) ?? "",
      additionalCreators: Array.isArray(creators) ? creators.map(userIdOf) : [],
    });
    return { json: { replacement_room: replacement } };
  },
});
