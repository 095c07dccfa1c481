import { notFound } from "../errors.ts";
import type { UserId } from "../ids.ts";
import { logOutEverywhere } from "../device/remove-devices.ts";
import type { DeviceId } from "../ids.ts";
import type { Services } from "../services.ts";
import type { Draft } from "../transaction/draft.ts";
import { userDoc } from "../user-data/section.ts";
import { isActive } from "./accounts.ts";
import { checkNewPassword, makeAccount } from "./create-account.ts";
import { hashPassword } from "./passwords.ts";
import { userIdForUsername } from "./usernames.ts";

/** Makes an account for the owner, who needs no registration token. Throws as `makeAccount`. */
export async function createUser(
  deps: Pick<Services, "claims" | "random" | "reader" | "runner" | "serverName" | "tokenKeys">,
  input: {
    readonly localpart: string;
    readonly password: string;
    readonly admin: boolean;
    /** Makes the account without asking the other boxes for the name. */
    readonly force: boolean;
  },
): Promise<UserId> {
  const user = userIdForUsername(deps.serverName, input.localpart);
  const { password, force } = input;
  await makeAccount(deps, { user, password, force, admin: input.admin ? true : "first" });
  return user;
}

/** Command: replaces the password of an account. */
export function setPasswordHash(
  draft: Draft,
  input: { readonly user: UserId; readonly passwordHash: string },
): void {
  if (!isActive(draft, input.user)) throw notFound("there is no such account");
  draft.setField(userDoc(input.user), "account", "password_hash", input.passwordHash);
}

/** Sets a password and, if asked, ends all other sessions. Throws 404 for no such account. */
export async function setPassword(
  deps: Pick<Services, "random" | "reader" | "runner">,
  input: {
    readonly user: UserId;
    readonly password: string;
    readonly logoutDevices: boolean;
    /** The session that stays. */
    readonly keep?: DeviceId;
  },
): Promise<void> {
  checkNewPassword(input.password);
  if (!isActive(deps.reader, input.user)) throw notFound("there is no such account");
  const passwordHash = await hashPassword(deps.random, input.password);
  await deps.runner.run(setPasswordHash, { user: input.user, passwordHash });
  if (!input.logoutDevices) return;
  const except = input.keep === undefined ? {} : { except: input.keep };
  await logOutEverywhere(deps, { user: input.user, ...except });
}
