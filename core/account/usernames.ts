import { MatrixError } from "../errors.ts";
import { ID_BYTES_MAX, isLocalpart, localpartOf, parseUserId, serverOf, userId } from "../ids.ts";
import type { ServerName, UserId } from "../ids.ts";
import type { Random } from "../ports.ts";
import { base32 } from "./random-names.ts";

const GENERATED_LOCALPART_CHARACTERS = 8;

const invalidUsername = (message: string): MatrixError =>
  new MatrixError(400, "M_INVALID_USERNAME", message);

/**
 * The user ID that a wanted name gives: upper case is mapped to lower case, anything else outside the
 * grammar is refused with M_INVALID_USERNAME.
 * https://spec.matrix.org/v1.19/appendices/#user-identifiers
 */
export function userIdForUsername(serverName: ServerName, username: string): UserId {
  const localpart = username.toLowerCase();
  const user = userId(localpart, serverName);
  if (!isLocalpart(localpart)) {
    throw invalidUsername("a user name may only have a-z, 0-9 and . _ = - / +");
  }
  if (Buffer.byteLength(user) > ID_BYTES_MAX) throw invalidUsername("the user name is too long");
  return user;
}

/** A name for one who asked for none. */
export function generatedUserId(serverName: ServerName, random: Random): UserId {
  return userId(`user-${base32(random.bytes(GENERATED_LOCALPART_CHARACTERS))}`, serverName);
}

/**
 * The local user that a login form names: a localpart or a whole user ID, in any case. Undefined for
 * a user of another server or text that can be no name.
 */
export function localUserNamed(serverName: ServerName, text: string): UserId | undefined {
  if (!text.startsWith("@")) {
    const localpart = text.toLowerCase();
    return isLocalpart(localpart) ? parseUserId(userId(localpart, serverName)) : undefined;
  }
  const user = parseUserId(text);
  if (user === undefined || serverOf(user) !== serverName) return undefined;
  return userId(localpartOf(user).toLowerCase(), serverName);
}
