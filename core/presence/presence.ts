import { forbidden } from "../errors.ts";
import type { Json, JsonObject } from "../json.ts";
import { isObject } from "../json.ts";
import type { UserId } from "../ids.ts";
import type { View } from "../ports.ts";
import type { Services } from "../services.ts";
import { puts } from "../tables.ts";
import type { Draft } from "../transaction/draft.ts";
import { millisecondsOf } from "../transaction/records.ts";
import { sharesRoom } from "../user-directory/shared-rooms.ts";

export type PresenceState = "online" | "unavailable" | "offline";

/** How long a client's word holds without being renewed by a sync. */
export const PRESENCE_TTL_MS = 5 * 60_000;
/** Characters of a status message. */
const STATUS_CHARACTERS_MAX = 500;

/** What a box gossips of a user: ephemeral kind `presence`, key the user ID. */
export interface PresenceFact extends JsonObject {
  readonly presence: PresenceState;
  /** Milliseconds. */
  readonly last_active_ts: number;
}

interface Wish {
  readonly user: UserId;
  readonly presence: PresenceState;
  readonly status: string | undefined;
}

/** Command: keeps the status message, which outlives the connection. */
export function keepStatus(draft: Draft, { user, presence, status }: Wish): void {
  const message = status === undefined ? {} : { status_msg: status };
  draft.putFact("presence", [user], { presence, ...message });
}

/** Tells the mesh that the user's client is there (or, `offline`, wants not to be). */
export function announcePresence(
  deps: Pick<Services, "ephemeral" | "now">,
  user: UserId,
  presence: PresenceState,
): void {
  const fact: PresenceFact = { presence, last_active_ts: millisecondsOf(deps.now()) };
  deps.ephemeral.set("presence", user, fact, PRESENCE_TTL_MS);
}

/** Sets the own presence and status message. Throws 403 for another user's. */
export async function changePresence(
  deps: Pick<Services, "ephemeral" | "now" | "reader" | "runner">,
  asking: UserId,
  wish: Wish,
): Promise<void> {
  if (wish.user !== asking) throw forbidden("you can only set your own presence");
  const status = wish.status?.slice(0, STATUS_CHARACTERS_MAX);
  if (statusOf(deps.reader, wish.user) !== status) {
    await deps.runner.run(keepStatus, { ...wish, status });
  }
  announcePresence(deps, wish.user, wish.presence);
}

function statusOf(view: View, user: UserId): string | undefined {
  const kept = view.get(puts, ["presence", user])?.value;
  const status = isObject(kept) ? kept["status_msg"] : undefined;
  return typeof status === "string" ? status : undefined;
}

/** What others see of a user now: the content of an `m.presence` event. */
export function describePresence(
  deps: Pick<Services, "ephemeral" | "now"> & { readonly reader: View },
  user: UserId,
): JsonObject {
  const fact = deps.ephemeral.get("presence", user);
  const live = fact && !fact.ended ? fact.value : undefined;
  const presence: Json = live?.["presence"] ?? "offline";
  const since = live?.["last_active_ts"];
  const status = statusOf(deps.reader, user);
  return {
    presence,
    ...(typeof since === "number"
      ? { last_active_ago: Math.max(0, millisecondsOf(deps.now()) - since) }
      : {}),
    ...(presence === "online" ? { currently_active: true } : {}),
    ...(status === undefined ? {} : { status_msg: status }),
  };
}

/** The presence of a user with whom the asking one shares a room. Throws 403 otherwise. */
export async function readPresence(
  deps: Pick<Services, "ephemeral" | "now" | "reader">,
  asking: UserId,
  user: UserId,
): Promise<JsonObject> {
  if (asking !== user && !(await sharesRoom(deps, asking, user))) {
    throw forbidden("You are not allowed to see their presence");
  }
  return describePresence(deps, user);
}
