/**
 * Branded identifiers. Parse untrusted text with `parseX` at the edges only; everywhere else the
 * brand says that the text was checked.
 * Grammar: https://spec.matrix.org/v1.19/appendices/#identifier-grammar
 */

declare const brand: unique symbol;
type Id<B extends string> = string & { readonly [brand]: B };

export type UserId = Id<"UserId">;
export type RoomId = Id<"RoomId">;
export type EventId = Id<"EventId">;
export type RoomAlias = Id<"RoomAlias">;
export type ServerName = Id<"ServerName">;
export type DeviceId = Id<"DeviceId">;
/** A login that can be refreshed: 16 characters of base64url. */
export type SessionId = Id<"SessionId">;
/** A box of the mesh: 8 lower-case base32 characters, derived from its peer key. */
export type BoxId = Id<"BoxId">;

/** Longest user ID, room ID, event ID, alias, event type or state key, in UTF-8 bytes (spec: size limits). */
export const ID_BYTES_MAX = 255;

const SERVER_NAME =
  /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,230})(?::\d{1,5})?$/;
const LOCALPART_HISTORICAL = /^[\x21-\x39\x3B-\x7E]+$/;
const LOCALPART = /^[a-z0-9._=\-/+]+$/;

function fits(text: string): boolean {
  return Buffer.byteLength(text) <= ID_BYTES_MAX && !text.includes("\0");
}

function sigilAndServer(text: unknown, sigil: string): [local: string, server: string] | undefined {
  if (typeof text !== "string" || !text.startsWith(sigil) || !fits(text)) return undefined;
  const colon = text.indexOf(":");
  if (colon < 1) return undefined;
  const server = text.slice(colon + 1);
  return SERVER_NAME.test(server) ? [text.slice(1, colon), server] : undefined;
}

export function parseServerName(text: unknown): ServerName | undefined {
  return typeof text === "string" && fits(text) && SERVER_NAME.test(text)
    ? (text as ServerName)
    : undefined;
}

/** A user ID as other servers may have made it (the historical grammar). */
export function parseUserId(text: unknown): UserId | undefined {
  const parts = sigilAndServer(text, "@");
  return parts && LOCALPART_HISTORICAL.test(parts[0]) ? (text as UserId) : undefined;
}

/** The localpart of a name that may be registered here (the strict grammar). */
export function isLocalpart(text: string): boolean {
  return LOCALPART.test(text);
}

/** A room ID: `!opaque:server`, or since room version 12 `!` and the create event's hash. */
export function parseRoomId(text: unknown): RoomId | undefined {
  if (typeof text !== "string" || !text.startsWith("!") || text.length < 2 || !fits(text)) {
    return undefined;
  }
  return text as RoomId;
}

export function parseEventId(text: unknown): EventId | undefined {
  if (typeof text !== "string" || !text.startsWith("$") || text.length < 2 || !fits(text)) {
    return undefined;
  }
  return text as EventId;
}

export function parseRoomAlias(text: unknown): RoomAlias | undefined {
  return sigilAndServer(text, "#") ? (text as RoomAlias) : undefined;
}

export function parseDeviceId(text: unknown): DeviceId | undefined {
  return typeof text === "string" && text.length > 0 && fits(text) ? (text as DeviceId) : undefined;
}

export function parseBoxId(text: unknown): BoxId | undefined {
  return typeof text === "string" && /^[a-z2-7]{8}$/.test(text) ? (text as BoxId) : undefined;
}

export function userId(localpart: string, server: ServerName): UserId {
  return `@${localpart}:${server}` as UserId;
}

export function localpartOf(id: UserId | RoomAlias): string {
  return id.slice(1, id.indexOf(":"));
}

/** The server part of a user ID or alias. */
export function serverOf(id: UserId | RoomAlias): ServerName {
  return id.slice(id.indexOf(":") + 1) as ServerName;
}
