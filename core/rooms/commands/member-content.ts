import { isActive } from "../../account/accounts.ts";
import { forbidden, MatrixError, notFound } from "../../errors.ts";
import type { ServerName, UserId } from "../../ids.ts";
import { serverOf } from "../../ids.ts";
import { isObject } from "../../json.ts";
import type { JsonObject } from "../../json.ts";
import type { View } from "../../ports.ts";
import { fields } from "../../tables.ts";
import { userDoc } from "../../user-data/section.ts";

export type Membership = "join" | "invite" | "knock" | "leave" | "ban";

/**
 * The profile fields that member events repeat, so that clients need not ask for them.
 * https://spec.matrix.org/v1.19/client-server-api/#events-on-change-of-profile-information
 */
export function profileContent(view: View, user: UserId): JsonObject {
  const displayname = view.get(fields, [userDoc(user), "profile", "displayname"]);
  const avatarUrl = view.get(fields, [userDoc(user), "profile", "avatar_url"]);
  return {
    ...(typeof displayname === "string" ? { displayname } : {}),
    ...(typeof avatarUrl === "string" ? { avatar_url: avatarUrl } : {}),
  };
}

/** Content of a member event; the profile is left out of leaves and bans, which end the membership. */
export function memberContent(
  view: View,
  user: UserId,
  membership: Membership,
  reason?: string,
): JsonObject {
  const present = membership === "join" || membership === "invite" || membership === "knock";
  return {
    membership,
    ...(present ? profileContent(view, user) : {}),
    ...(reason === undefined ? {} : { reason }),
  };
}

/**
 * Can this user be invited at all?
 * https://spec.matrix.org/v1.19/client-server-api/#invite-permission
 * @throws MatrixError 403 M_FORBIDDEN, 403 M_INVITE_BLOCKED, 404 M_NOT_FOUND
 */
export function requireInvitable(view: View, server: ServerName, user: UserId): void {
  if (serverOf(user) !== server) {
    throw forbidden(`${user} is on another server, and federation is not available yet.`);
  }
  if (!isActive(view, user)) throw notFound(`There is no user ${user} on this server.`);
  const config = view.get(fields, [userDoc(user), "account_data", "m.invite_permission_config"]);
  if (isObject(config) && config["default_action"] === "block") {
    throw new MatrixError(403, "M_INVITE_BLOCKED", `${user} does not accept invites.`);
  }
}
