import type { UserId } from "../ids.ts";
import type { Reader, View } from "../ports.ts";
import { fields, users } from "../tables.ts";
import { userDoc } from "../user-data/section.ts";

/** Accounts in one list; a household has tens. */
export const ACCOUNTS_MAX = 10_000;

export interface Account {
  readonly user: UserId;
  readonly admin: boolean;
  readonly deactivated: boolean;
}

/** Was the name ever registered here? Deactivated accounts exist. */
export function accountExists(view: View, user: UserId): boolean {
  return view.get(fields, [userDoc(user), "account", "created"]) !== undefined;
}

export function isDeactivated(view: View, user: UserId): boolean {
  return view.get(fields, [userDoc(user), "account", "deactivated"]) === true;
}

export function isAdmin(view: View, user: UserId): boolean {
  return view.get(fields, [userDoc(user), "account", "admin"]) === true;
}

/** An account that may log in, be looked up and receive messages. */
export function isActive(view: View, user: UserId): boolean {
  return accountExists(view, user) && !isDeactivated(view, user);
}

/** Every account, by user ID. */
export async function listUsers(deps: { readonly reader: Reader }): Promise<Account[]> {
  using snapshot = deps.reader.snapshot();
  const rows = await snapshot.range(users, { prefix: [], limit: ACCOUNTS_MAX });
  return rows.map(([[user]]) => ({
    user,
    admin: isAdmin(snapshot, user),
    deactivated: isDeactivated(snapshot, user),
  }));
}
