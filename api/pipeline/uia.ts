import { checkPassword } from "../../core/account/passwords.ts";
import { badJson } from "../../core/errors.ts";
import { parseUserId, userId } from "../../core/ids.ts";
import type { UserId } from "../../core/ids.ts";
import { isObject } from "../../core/json.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import type { Requester, Services } from "../../core/services.ts";
import type { Request } from "../endpoint.ts";
import { InteractiveAuthRequired } from "./interactive-auth.ts";
import { newSession, openSession, sealSession } from "./uia-session.ts";
import type { Session } from "./uia-session.ts";

export type Stage = "m.login.password" | "m.login.dummy" | "m.login.registration_token";

export interface InteractiveAuthOptions {
  /** Any one flow must be completed, its stages in order. */
  readonly flows: readonly (readonly Stage[])[];
  /** Whose password `m.login.password` takes; by default the requester's. */
  readonly userForPassword?: UserId;
  /** Is this a registration token that may be used now? Needed for `m.login.registration_token`. */
  readonly acceptsRegistrationToken?: (token: string) => boolean | Promise<boolean>;
}

export interface InteractiveAuthOutcome {
  /** The same in every request of one session, whichever box answers. */
  readonly sessionId: string;
  readonly registrationToken?: string;
}

/**
 * User-interactive authentication: returns once a flow is complete, else throws the 401 that asks for
 * the next stage. https://spec.matrix.org/v1.19/client-server-api/#user-interactive-authentication-api
 */
export async function requireUia(
  request: Pick<Request<string, Requester | undefined>, "method" | "path" | "body" | "auth">,
  services: Services,
  options: InteractiveAuthOptions,
): Promise<InteractiveAuthOutcome> {
  const auth = request.body["auth"];
  const user = options.userForPassword ?? request.auth?.user;
  const purpose = `${request.method} ${request.path} ${user ?? ""}`;
  if (!isObject(auth)) throw ask(services, options, newSession(services, purpose));
  const known = openSession(services, auth["session"], purpose);
  const session = known ?? newSession(services, purpose);
  const { type } = auth;
  if (type !== undefined && typeof type !== "string") throw badJson("auth/type must be string");
  if (known === undefined && auth["session"] !== undefined) {
    throw ask(services, options, session, "this session has ended, begin again");
  }
  if (type === undefined || session.completed.includes(type)) {
    return finish(services, options, session);
  }
  if (!isNextStage(options, session, type)) {
    throw ask(services, options, session, `${type} is not the next stage of any flow`);
  }
  const refusal = await tryStage(services, options, { type, auth, user });
  if (refusal !== undefined) throw ask(services, options, session, refusal);
  const completed = [...session.completed, type];
  const token = auth["token"];
  const keepsToken = type === "m.login.registration_token" && typeof token === "string";
  return finish(services, options, {
    ...session,
    completed,
    ...(keepsToken ? { registrationToken: token } : {}),
  });
}

function finish(
  services: Services,
  options: InteractiveAuthOptions,
  session: Session,
): InteractiveAuthOutcome {
  const { id, completed, registrationToken } = session;
  const complete = options.flows.some((flow) => flow.join() === completed.join());
  if (!complete) throw ask(services, options, session);
  return { sessionId: id, ...(registrationToken === undefined ? {} : { registrationToken }) };
}

function isNextStage(options: InteractiveAuthOptions, session: Session, type: string): boolean {
  const so = [...session.completed, type];
  return options.flows.some((flow) => so.every((stage, i) => flow[i] === stage));
}

/** Why the stage is refused; `undefined` when it is passed. */
async function tryStage(
  services: Services,
  options: InteractiveAuthOptions,
  attempt: { readonly type: string; readonly auth: JsonObject; readonly user: UserId | undefined },
): Promise<string | undefined> {
  const { type, auth, user } = attempt;
  switch (type) {
    case "m.login.dummy":
      return undefined;
    case "m.login.password": {
      const password = auth["password"];
      if (typeof password !== "string") throw badJson("auth/password must be string");
      const right = user !== undefined && namesUser(services, auth, user);
      return right && (await checkPassword(services, user, password))
        ? undefined
        : "wrong password";
    }
    case "m.login.registration_token": {
      const token = auth["token"];
      if (typeof token !== "string") throw badJson("auth/token must be string");
      const good = await options.acceptsRegistrationToken?.(token);
      return good ? undefined : "this registration token is not valid";
    }
    default:
      return `${type} is not known here`;
  }
}

/** Does the attempt name this user, by identifier or by the older `user`? One that names none does. */
function namesUser(services: Services, auth: JsonObject, user: UserId): boolean {
  const identifier = auth["identifier"];
  const named: Json | undefined = isObject(identifier) ? identifier["user"] : auth["user"];
  if (named === undefined) return !isObject(identifier);
  if (typeof named !== "string") throw badJson("auth/identifier/user must be string");
  return (parseUserId(named) ?? userId(named, services.serverName)) === user;
}

/** The 401 answer; with `error` when an attempt was refused and may be repeated. */
function ask(
  services: Services,
  options: InteractiveAuthOptions,
  session: Session,
  error?: string,
): InteractiveAuthRequired {
  return new InteractiveAuthRequired({
    ...(error === undefined ? {} : { errcode: "M_FORBIDDEN", error }),
    flows: options.flows.map((stages) => ({ stages })),
    params: {},
    session: sealSession(services, session),
    ...(session.completed.length > 0 ? { completed: session.completed } : {}),
  });
}
