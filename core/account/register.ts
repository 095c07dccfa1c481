import { MatrixError } from "../errors.ts";
import type { DeviceId, UserId } from "../ids.ts";
import type { Services } from "../services.ts";
import { accountExists } from "./accounts.ts";
import { makeAccount, userInUse } from "./create-account.ts";
import type { Session } from "./start-session.ts";
import { startSession } from "./start-session.ts";
import { generatedUserId, userIdForUsername } from "./usernames.ts";

type Deps = Pick<
  Services,
  "claims" | "random" | "reader" | "runner" | "serverName" | "tokenKeys" | "isCaughtUp"
>;

/**
 * The user ID that a registration asks for, checked as the spec demands before any authentication.
 * Throws M_INVALID_USERNAME or M_USER_IN_USE.
 */
export function wantedUserId(
  deps: Pick<Services, "random" | "reader" | "serverName">,
  username: string | undefined,
): UserId {
  if (username === undefined) return generatedUserId(deps.serverName, deps.random);
  const user = userIdForUsername(deps.serverName, username);
  if (accountExists(deps.reader, user)) throw userInUse();
  return user;
}

export interface Registration {
  readonly user: UserId;
  readonly password: string;
  readonly device?: DeviceId | undefined;
  readonly deviceName?: string | undefined;
  readonly refreshable?: boolean | undefined;
  readonly inhibitLogin: boolean;
  /** The token by which the registration was allowed, if it was by one. */
  readonly registrationToken?: string | undefined;
}

/**
 * Registers a user and, unless inhibited, logs a device in. The first user of the mesh becomes its
 * administrator. Throws M_USER_IN_USE; 503 while too few boxes can be reached to give a name away.
 */
export async function register(
  deps: Deps,
  input: Registration,
): Promise<Session | { readonly user: UserId }> {
  const { user, password, registrationToken } = input;
  // A box that is behind may not know the accounts that the mesh has.
  const admin = deps.isCaughtUp() ? "first" : false;
  await makeAccount(deps, { user, password, registrationToken, admin });
  if (input.inhibitLogin) return { user };
  const { device, deviceName, refreshable } = input;
  return startSession(deps, { user, device, deviceName, refreshable });
}

/** Guests are refused: rooms of a household are for people with a name. */
export function refuseGuest(): never {
  throw new MatrixError(403, "M_GUEST_ACCESS_FORBIDDEN", "this server has no guest accounts");
}
