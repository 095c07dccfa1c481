import { ID_BYTES_MAX, parseServerName, type ServerName, type UserId } from "../ids.ts";

/**
 * Whether other servers accept this user ID in an event: any localpart, even an empty one.
 * Stricter than that and rooms with historical users split; names made here follow `isLocalpart`.
 * https://spec.matrix.org/v1.19/appendices/#historical-user-ids
 */
export function isUserIdInEvent(text: unknown): text is UserId {
  if (typeof text !== "string" || !text.startsWith("@")) return false;
  const colon = text.indexOf(":");
  return (
    colon > 0 &&
    !text.includes("\0") &&
    text.isWellFormed() &&
    Buffer.byteLength(text) <= ID_BYTES_MAX &&
    parseServerName(text.slice(colon + 1)) !== undefined
  );
}

/** What follows the first colon of a user, room or event ID; empty when there is none. */
export function domainOf(id: string): ServerName {
  const colon = id.indexOf(":");
  return (colon < 0 ? "" : id.slice(colon + 1)) as ServerName;
}
