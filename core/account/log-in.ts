import { forbidden, MatrixError } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { isObject } from "../json.ts";
import type { DeviceId, UserId } from "../ids.ts";
import type { Services } from "../services.ts";
import { accountExists } from "./accounts.ts";
import { checkPassword } from "./passwords.ts";
import { isKnown } from "../user-data/missing.ts";
import type { Session } from "./start-session.ts";
import { startSession } from "./start-session.ts";
import { localUserNamed } from "./usernames.ts";

export const PASSWORD_LOGIN = "m.login.password";

/** What a login form names: the `identifier`, or the deprecated `user`. */
export interface LoginForm {
  readonly identifier?: JsonObject | undefined;
  readonly user?: string | undefined;
  readonly password: string;
  readonly device?: DeviceId | undefined;
  readonly deviceName?: string | undefined;
  readonly refreshable?: boolean | undefined;
}

/**
 * Logs in with a password. Throws 403 M_FORBIDDEN alike for an unknown user and a wrong password; 503
 * when the account may exist on a box that this one has not caught up with.
 */
export async function logIn(
  deps: Pick<Services, "reader" | "runner" | "serverName" | "tokenKeys" | "isCaughtUp" | "timers">,
  form: LoginForm,
): Promise<Session> {
  const user = namedUser(deps, form);
  const exists =
    user !== undefined && (await isKnown(deps, () => accountExists(deps.reader, user)));
  // An unknown name takes the same time, so that names cannot be probed.
  const fits = await checkPassword(deps, user ?? ("@:" as UserId), form.password);
  if (user === undefined || !exists || !fits) throw forbidden("wrong user name or password");
  const { device, deviceName, refreshable } = form;
  return startSession(deps, { user, device, deviceName, refreshable });
}

function namedUser(
  deps: Pick<Services, "serverName">,
  form: Pick<LoginForm, "identifier" | "user">,
): UserId | undefined {
  const name = identifierUser(form.identifier) ?? form.user;
  if (name === undefined) {
    throw new MatrixError(400, "M_MISSING_PARAM", "identifier or user is missing");
  }
  return localUserNamed(deps.serverName, name);
}

/**
 * The user named by an identifier object. E-mail addresses and phone numbers name nobody here.
 * https://spec.matrix.org/v1.19/client-server-api/#identifier-types
 */
export function identifierUser(identifier: JsonObject | undefined): string | undefined {
  if (!isObject(identifier)) return undefined;
  switch (identifier["type"]) {
    case "m.id.user":
      return typeof identifier["user"] === "string" ? identifier["user"] : undefined;
    case "m.id.thirdparty":
    case "m.id.phone":
      throw forbidden("logging in by e-mail address or phone number is not possible here");
    default:
      throw new MatrixError(400, "M_UNKNOWN", "this identifier type is not known");
  }
}
