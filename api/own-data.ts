import { forbidden } from "../core/errors.ts";
import type { UserId } from "../core/ids.ts";
import type { Requester } from "../core/services.ts";
import { userIdOf } from "./parse-ids.ts";

/** The user of a path that only leads to one's own data. Throws 403 M_FORBIDDEN for anyone else's. */
export function ownUser(auth: Requester, userId: string): UserId {
  const user = userIdOf(userId);
  if (user !== auth.user) throw forbidden("these are the data of another user");
  return user;
}
