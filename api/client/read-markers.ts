import { parseMarker, setMarkers } from "../../core/ephemeral-facts/receipts.ts";
import { userEndpoint } from "../endpoint.ts";
import { roomIdOf } from "../parse-ids.ts";

const TYPES = ["m.fully_read", "m.read", "m.read.private"];

export const setReadMarker = userEndpoint({
  operationId: "setReadMarker",
  method: "POST",
  path: "/_matrix/client/v3/rooms/{roomId}/read_markers",
  rateLimit: "default",
  bodySchema: "setReadMarker",
  handle: async ({ auth, params, body }, services) => {
    const markers = TYPES.filter((type) => body[type] !== undefined).map((type) =>
      parseMarker(type, body[type], undefined),
    );
    await setMarkers(services, { room: roomIdOf(params.roomId), user: auth.user, markers });
    return { json: {} };
  },
});
