import type { UserId } from "../ids.ts";
import { isObject } from "../json.ts";
import type { View } from "../ports.ts";
import { fields } from "../tables.ts";
import { userDoc } from "../user-data/section.ts";

const NOBODY: ReadonlySet<string> = new Set();

/** https://spec.matrix.org/v1.19/client-server-api/#ignoring-users */
export function ignoredUsers(view: View, user: UserId): ReadonlySet<string> {
  const list = view.get(fields, [userDoc(user), "account_data", "m.ignored_user_list"]);
  const ignored = isObject(list) ? list["ignored_users"] : undefined;
  return isObject(ignored) ? new Set(Object.keys(ignored)) : NOBODY;
}
