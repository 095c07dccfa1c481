import type { JsonObject } from "../../../core/json.ts";
import { isObject } from "../../../core/json.ts";
import { BUSY } from "./canary.ts";
import type { NamedCanary } from "./canary.ts";
/** Changes each timeline or section of a sync response once in a while. */
function sometimes(change: (response: JsonObject) => JsonObject): (r: JsonObject) => JsonObject {
  let count = 0;
  return (response) => (++count % 7 === 0 ? change(response) : response);
}

/** Leaves out every third word of changed state. */
function losingState(): (response: JsonObject) => JsonObject {
  let count = 0;
  const lose = (part: JsonObject): JsonObject => {
    const after = part["state_after"];
    const isTold = isObject(after) && Array.isArray(after["events"]) && after["events"].length > 0;
    return isTold && ++count % 3 === 0 ? { ...part, state_after: { events: [] } } : part;
  };
  return (response) => mapRooms(response, lose);
}

function mapRooms(response: JsonObject, change: (part: JsonObject) => JsonObject): JsonObject {
  const rooms = response["rooms"];
  if (!isObject(rooms)) return response;
  const join = isObject(rooms["join"]) ? rooms["join"] : {};
  const changed = Object.entries(join).map(([room, part]) => [room, change(part as JsonObject)]);
  return { ...response, rooms: { ...rooms, join: Object.fromEntries(changed) as JsonObject } };
}

const timelineOf = (part: JsonObject): JsonObject[] =>
  (part["timeline"] as unknown as { events: JsonObject[] }).events;

function withTimeline(part: JsonObject, events: JsonObject[]): JsonObject {
  return { ...part, timeline: { ...(part["timeline"] as JsonObject), events } };
}

function mapDirect(
  response: JsonObject,
  change: (events: JsonObject[]) => JsonObject[],
): JsonObject {
  const section = response["to_device"] as unknown as { events: JsonObject[] } | undefined;
  return section ? { ...response, to_device: { events: change(section.events) } } : response;
}

function without(response: JsonObject, key: string): JsonObject {
  const { [key]: _, ...rest } = response;
  return rest;
}

export const RESPONSES: readonly NamedCanary[] = [
  {
    name: "a sync that repeats an event",
    rule: "sync",
    tamper: (response) =>
      mapRooms(response, (part) => withTimeline(part, [...timelineOf(part), ...timelineOf(part)])),
  },
  {
    name: "a sync that skips an event",
    rule: "sync",
    tamper: sometimes((response) =>
      mapRooms(response, (part) => withTimeline(part, timelineOf(part).slice(1))),
    ),
  },
  {
    name: "a sync that does not tell of changed state",
    rule: "state",
    tamper: losingState(),
  },
  {
    name: "a sync that tells nobody of leaving",
    rule: "own",
    options: { ...BUSY, churning: 2, requestEveryMs: 100 },
    tamper: (response) => {
      const { rooms } = response;
      return isObject(rooms) ? { ...response, rooms: without(rooms, "leave") } : response;
    },
  },
  {
    name: "a sync that forgets receipts and account data",
    rule: "values",
    tamper: (response) =>
      without(
        mapRooms(response, (part) => ({ ...part, ephemeral: { events: [] } })),
        "account_data",
      ),
  },
  {
    name: "a sync that repeats to-device messages",
    rule: "to-device",
    tamper: (response) => mapDirect(response, (events) => [...events, ...events]),
  },
  {
    name: "a sync that loses to-device messages",
    rule: "to-device",
    tamper: sometimes((response) => mapDirect(response, () => [])),
  },
  {
    name: "a sync that turns the order of to-device messages around",
    rule: "to-device",
    options: { ...BUSY, faults: {}, requestEveryMs: 60, responsesLost: 0 },
    tamper: (response) => mapDirect(response, (events) => events.toReversed()),
  },
  {
    name: "a sync without changed device lists",
    rule: "device-lists",
    tamper: (response) => without(response, "device_lists"),
  },
  {
    name: "tokens that grow",
    rule: "token",
    options: { ...BUSY, boxes: 5 },
    tamper: (response) => {
      const token = String(response["next_batch"]);
      const vector = token.slice("s1_".length).split(".")[0];
      return { ...response, next_batch: `${token}.f${vector}` };
    },
  },
];
