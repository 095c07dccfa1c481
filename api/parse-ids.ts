import { invalidParam } from "../core/errors.ts";
import {
  parseDeviceId,
  parseEventId,
  parseRoomAlias,
  parseRoomId,
  parseUserId,
  type DeviceId,
  type EventId,
  type RoomAlias,
  type RoomId,
  type UserId,
} from "../core/ids.ts";

/** Identifiers in paths and bodies. All throw MatrixError 400 M_INVALID_PARAM. */

function required<T>(parsed: T | undefined, what: string, text: unknown): T {
  if (parsed === undefined) throw invalidParam(`${JSON.stringify(text)} is not ${what}.`);
  return parsed;
}

export const roomIdOf = (text: unknown): RoomId => required(parseRoomId(text), "a room ID", text);

export const userIdOf = (text: unknown): UserId => required(parseUserId(text), "a user ID", text);

export const eventIdOf = (text: unknown): EventId =>
  required(parseEventId(text), "an event ID", text);

export const aliasOf = (text: unknown): RoomAlias =>
  required(parseRoomAlias(text), "a room alias", text);

export const deviceIdOf = (text: unknown): DeviceId =>
  required(parseDeviceId(text), "a device ID", text);

/** A member of a body that its schema made sure is text, if it is there. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
