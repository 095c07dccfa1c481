import { forbidden, missingParam } from "../../core/errors.ts";
import { inviteUser as invite } from "../../core/rooms/commands/change-membership.ts";
import { userEndpoint } from "../endpoint.ts";
import { roomIdOf, textOf, userIdOf } from "../parse-ids.ts";

/** The path is also that of `inviteBy3PID`; the body tells which of the two is meant. */
export const inviteUser = userEndpoint({
  operationId: "inviteUser",
  method: "POST",
  path: "/_matrix/client/v3/rooms/{roomId}/invite",
  rateLimit: "default",
  handle: async ({ auth, params, body }, services) => {
    if (body["user_id"] === undefined) {
      if (body["medium"] === undefined) throw missingParam("the body must have user_id");
      throw forbidden("Invites by email address or phone number are not available on this server.");
    }
    await invite(services, {
      room: roomIdOf(params.roomId),
      sender: auth.user,
      target: userIdOf(body["user_id"]),
      reason: textOf(body["reason"]),
    });
    return { json: {} };
  },
});
