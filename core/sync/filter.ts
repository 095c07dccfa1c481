import { badJson, invalidParam, unavailable } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { isObject } from "../json.ts";
import type { View } from "../ports.ts";
import type { Requester } from "../services.ts";
import { fields } from "../tables.ts";
import { compileEventFilter, flag, names, roomRule } from "../timeline/event-filter.ts";
import type { EventFilter } from "../timeline/event-filter.ts";
import { parsePropertyPath } from "../timeline/event-fields.ts";
import { userDoc } from "../user-data/section.ts";

/** A compiled filter of `/sync`. */
export interface SyncFilter {
  readonly format: "client" | "federation";
  /** Paths of `event_fields`. */
  readonly fields: readonly (readonly string[])[] | undefined;
  readonly presence: EventFilter;
  readonly accountData: EventFilter;
  readonly includeLeave: boolean;
  readonly timeline: EventFilter;
  readonly state: EventFilter;
  readonly ephemeral: EventFilter;
  readonly roomAccountData: EventFilter;
  allowsRoom(room: string): boolean;
  /** Tells filters apart, for what a device was sent under one of them. */
  readonly name: string;
}

/**
 * Compiles a whole filter. Throws MatrixError 400 M_BAD_JSON.
 * https://spec.matrix.org/v1.19/client-server-api/#filtering
 */
export function compileSyncFilter(json: JsonObject, name: string): SyncFilter {
  const room = json["room"] ?? {};
  if (!isObject(room)) throw badJson("room of a filter must be an object.");
  const format = json["event_format"] ?? "client";
  if (format !== "client" && format !== "federation") {
    throw badJson("event_format of a filter must be client or federation.");
  }
  return {
    format,
    fields: names(json, "event_fields")?.map(parsePropertyPath),
    presence: compileEventFilter(json["presence"]),
    accountData: compileEventFilter(json["account_data"]),
    includeLeave: flag(room, "include_leave") ?? false,
    timeline: compileEventFilter(room["timeline"]),
    state: compileEventFilter(room["state"]),
    ephemeral: compileEventFilter(room["ephemeral"]),
    roomAccountData: compileEventFilter(room["account_data"]),
    allowsRoom: roomRule(room),
    name,
  };
}

/**
 * The filter that a request names: a filter ID, or JSON that begins with a brace.
 * @throws MatrixError 400, or 503 while this box may not yet know the filter
 */
export function requestedFilter(
  view: View,
  requester: Requester,
  text: string | undefined,
  isCaughtUp: () => boolean,
): SyncFilter {
  if (text === undefined || text === "") return compileSyncFilter({}, "");
  if (text.startsWith("{")) return compileSyncFilter(parseInline(text), text);
  const stored = view.get(fields, [userDoc(requester.user), "filters", text]);
  if (isObject(stored)) return compileSyncFilter(stored, text);
  if (!isCaughtUp()) {
    throw unavailable("This box does not have the filter yet. Try again in a moment.");
  }
  throw invalidParam("There is no such filter.");
}

/** A filter given as JSON text. Throws MatrixError 400 M_INVALID_PARAM. */
export function parseInline(text: string): JsonObject {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw invalidParam(`The filter is not JSON: ${error instanceof Error ? error.message : ""}`);
  }
  if (!isObject(json)) throw invalidParam("The filter must be a JSON object.");
  return json;
}
