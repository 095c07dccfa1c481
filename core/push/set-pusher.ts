import { invalidParam, missingParam } from "../errors.ts";
import type { UserId } from "../ids.ts";
import type { Json, JsonObject } from "../json.ts";
import { isObject } from "../json.ts";
import type { Env } from "../ports.ts";
import type { Requester, Services } from "../services.ts";
import { pusherCounts, pushersByKey } from "../tables.ts";
import type { Draft } from "../transaction/draft.ts";
import { millisecondsOf } from "../transaction/records.ts";
import { userDoc } from "../user-data/section.ts";
import {
  APP_ID_CHARACTERS_MAX,
  PUSHER_BYTES_MAX,
  PUSHERS_PER_USER_MAX,
  PUSHKEY_BYTES_MAX,
} from "./constants.ts";
import { pusherField, PUSHERS } from "./pusher-index.ts";
import type { StoredPusher } from "./pushers.ts";

/** They part the keys of the store. */
const CONTROL_CHARACTER = /\p{Cc}/u;
/** Users that one app installation is taken from when somebody else logs in to it. */
const FORMER_USERS_MAX = 100;
const NOTIFY_PATH = "/_matrix/push/v1/notify";

export interface PusherName {
  readonly appId: string;
  readonly pushkey: string;
}

/** Command: sets or, without a value, removes a pusher, and takes the app from its former users. */
export function writePusher(
  draft: Draft,
  input: PusherName & {
    readonly user: UserId;
    readonly pusher: Omit<StoredPusher, "ts"> | undefined;
    readonly formerUsers: readonly UserId[];
  },
  env: Env,
): void {
  const field = pusherField(input.appId, input.pushkey);
  const doc = userDoc(input.user);
  const before = draft.getField(doc, PUSHERS, field);
  const isNew = before === undefined && input.pusher !== undefined;
  if (isNew && (draft.get(pusherCounts, [input.user]) ?? 0) >= PUSHERS_PER_USER_MAX) {
    throw invalidParam("there are too many pushers");
  }
  for (const user of input.formerUsers) draft.setField(userDoc(user), PUSHERS, field, undefined);
  if (input.pusher === undefined) return draft.setField(doc, PUSHERS, field, undefined);
  // Apps set their pusher at every start; one that stays as it is writes nothing.
  const known = isObject(before) ? before["ts"] : undefined;
  const same = { ...input.pusher, ts: known };
  const isSame = JSON.stringify(before) === JSON.stringify(same);
  const ts = isSame ? known : millisecondsOf(env.time);
  draft.setField(doc, PUSHERS, field, { ...input.pusher, ts } as unknown as JsonObject);
}

/** Command: removes pushers of one user. */
export function removePushers(
  draft: Draft,
  input: { readonly user: UserId; readonly names: readonly PusherName[] },
): void {
  for (const { appId, pushkey } of input.names) {
    draft.setField(userDoc(input.user), PUSHERS, pusherField(appId, pushkey), undefined);
  }
}

/**
 * https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3pushersset
 * @throws MatrixError 400 M_MISSING_PARAM, M_INVALID_PARAM
 */
export async function setPusher(
  deps: Pick<Services, "reader" | "runner">,
  requester: Requester,
  body: JsonObject,
): Promise<void> {
  const name = checkedName(body);
  const { user } = requester;
  const pusher = body["kind"] === null ? undefined : checkedPusher(requester, body);
  const append = pusher === undefined || body["append"] === true;
  const formerUsers = append ? [] : (await usersOf(deps, name)).filter((other) => other !== user);
  await deps.runner.run(writePusher, { ...name, user, pusher, formerUsers });
}

async function usersOf(deps: Pick<Services, "reader">, name: PusherName): Promise<UserId[]> {
  using snapshot = deps.reader.snapshot();
  const prefix = [name.appId, name.pushkey] as const;
  const rows = await snapshot.range(pushersByKey, { prefix, limit: FORMER_USERS_MAX });
  return rows.map(([[, , user]]) => user);
}

function checkedName(body: JsonObject): PusherName {
  const appId = textOf(body["app_id"]);
  const pushkey = textOf(body["pushkey"]);
  if (appId.length > APP_ID_CHARACTERS_MAX) throw invalidParam("app_id is too long");
  if (Buffer.byteLength(pushkey) > PUSHKEY_BYTES_MAX) throw invalidParam("pushkey is too long");
  if (CONTROL_CHARACTER.test(appId + pushkey)) {
    throw invalidParam("app_id and pushkey must not have control characters");
  }
  return { appId, pushkey };
}

function checkedPusher(requester: Requester, body: JsonObject): Omit<StoredPusher, "ts"> {
  if (body["kind"] !== "http") throw invalidParam("kind must be http, or null to delete");
  const missing = ["app_display_name", "device_display_name", "lang", "data"].filter(
    (key) => body[key] === undefined,
  );
  if (missing.length > 0) throw missingParam(`Missing parameters: ${missing.join(", ")}`);
  const profileTag = body["profile_tag"];
  const pusher = {
    kind: "http",
    app_display_name: textOf(body["app_display_name"]),
    device_display_name: textOf(body["device_display_name"]),
    ...(typeof profileTag === "string" ? { profile_tag: profileTag } : {}),
    lang: textOf(body["lang"]),
    data: checkedData(body["data"]),
    device: requester.device,
    enabled: body["org.matrix.msc3881.enabled"] !== false,
  } as const;
  if (Buffer.byteLength(JSON.stringify(pusher)) > PUSHER_BYTES_MAX) {
    throw invalidParam("the pusher is too large");
  }
  return pusher;
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function checkedData(data: Json | undefined): StoredPusher["data"] {
  if (!isObject(data)) throw invalidParam("data must be an object");
  const { url: text } = data;
  if (text === undefined) throw missingParam("data.url is missing");
  const url = typeof text === "string" ? URL.parse(text) : null;
  const isHttp = url?.protocol === "https:" || url?.protocol === "http:";
  if (
    typeof text !== "string" ||
    !url ||
    !isHttp ||
    url.pathname !== NOTIFY_PATH ||
    url.username !== ""
  ) {
    throw invalidParam(`data.url must be an HTTPS URL with the path ${NOTIFY_PATH}`);
  }
  return { ...data, url: text };
}
