import { ACTIONS, manageDelayed, requireDelayed } from "../../core/delayed/manage.ts";
import { scheduleEvent } from "../../core/delayed/schedule.ts";
import { describeDelayed, listDelayed } from "../../core/delayed/show.ts";
import { badJson, invalidParam, MatrixError } from "../../core/errors.ts";
import { isObject } from "../../core/json.ts";
import type { Json } from "../../core/json.ts";
import type { Requester, Services } from "../../core/services.ts";
import type { Reply } from "../endpoint.ts";
import { optionalEndpoint, userEndpoint } from "../endpoint.ts";
import { roomIdOf } from "../parse-ids.ts";

/** https://github.com/matrix-org/matrix-spec-proposals/pull/4140 */

/** Schedules an event, a state event where there is a state key. */
export const scheduleDelayedEvent = userEndpoint({
  operationId: "scheduleDelayedEvent",
  method: "PUT",
  path: "/_matrix/client/unstable/org.matrix.msc4140/rooms/{roomId}/delayed_event/{eventType}/{txnId}",
  rateLimit: "message",
  handle: async ({ auth, params, body }, services) => {
    const { content, delay_ms: delayMs, state_key: stateKey } = body;
    if (!isObject(content)) throw badJson("content must be an object");
    if (typeof delayMs !== "number") throw badJson("delay_ms must be a number");
    if (stateKey !== undefined && typeof stateKey !== "string") {
      throw badJson("state_key must be a string");
    }
    const id = await scheduleEvent(services, {
      requester: auth,
      room: roomIdOf(params.roomId),
      type: params.eventType,
      txnId: params.txnId,
      content,
      delayMs,
      ...(stateKey === undefined ? {} : { stateKey }),
    });
    return { json: { delay_id: id } };
  },
});

/** The user's scheduled events. */
export const listDelayedEvents = userEndpoint({
  operationId: "listDelayedEvents",
  method: "GET",
  path: "/_matrix/client/unstable/org.matrix.msc4140/delayed_events",
  rateLimit: "default",
  handle: async ({ auth }, services) => {
    const scheduled = await listDelayed(services, auth.user);
    // The second name is that of an early draft.
    return { json: { delayed_events: scheduled, scheduled } };
  },
});

/** One delayed event, also when it is over. */
export const getDelayedEvent = userEndpoint({
  operationId: "getDelayedEvent",
  method: "GET",
  path: "/_matrix/client/unstable/org.matrix.msc4140/delayed_events/{delayId}",
  rateLimit: "default",
  handle: async ({ auth, params }, services) => ({
    json: describeDelayed(await requireDelayed(services, params.delayId, auth.user)),
  }),
});

/** Sends, cancels or restarts. Without a token the ID, which nobody can guess, is enough: call servers use it so. */
export const manageDelayedEvent = optionalEndpoint({
  operationId: "manageDelayedEvent",
  method: "POST",
  path: "/_matrix/client/unstable/org.matrix.msc4140/delayed_events/{delayId}/{action}",
  rateLimit: "default",
  bodyOptional: true,
  handle: ({ auth, params }, services) => manage(services, auth, params.delayId, params.action),
});

/** The same with the action in the body, as an early draft had it. */
export const updateDelayedEvent = optionalEndpoint({
  operationId: "updateDelayedEvent",
  method: "POST",
  path: "/_matrix/client/unstable/org.matrix.msc4140/delayed_events/{delayId}",
  rateLimit: "default",
  handle: ({ auth, params, body }, services) => {
    if (!ACTIONS.some((action) => action === body["action"])) {
      throw invalidParam(`action must be one of ${ACTIONS.join(", ")}`);
    }
    return manage(services, auth, params.delayId, body["action"]);
  },
});

async function manage(
  services: Services,
  auth: Requester | undefined,
  id: string,
  text: Json | undefined,
): Promise<Reply> {
  const action = ACTIONS.find((each) => each === text);
  if (!action) throw new MatrixError(404, "M_UNRECOGNIZED", "There is no such action.");
  await manageDelayed(services, { id, action, user: auth?.user });
  return { json: {} };
}
