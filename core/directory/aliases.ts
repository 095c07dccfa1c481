import { isAdmin } from "../account/accounts.ts";
import { forbidden, invalidParam, MatrixError, notFound, unavailable } from "../errors.ts";
import { serverOf } from "../ids.ts";
import type { RoomAlias, RoomId, ServerName, UserId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { Env } from "../ports.ts";
import { putState } from "../rooms/commands/put-state.ts";
import { powersIn } from "../rooms/queries/powers.ts";
import { readInRoom } from "../rooms/queries/read-in-room.ts";
import { isJoined, requireJoined, stateContent } from "../rooms/queries/room-facts.ts";
import type { Services } from "../services.ts";
import type { Draft } from "../transaction/draft.ts";
import { aliasRecord, ALIASES } from "./alias-records.ts";
import { claimAlias, releaseAlias, releaseUnusedAlias } from "./claim-alias.ts";

export interface AliasInput {
  readonly alias: RoomAlias;
  readonly user: UserId;
}

type AliasDeps = Pick<
  Services,
  "reader" | "runner" | "claims" | "logger" | "isCaughtUp" | "serverName"
>;

/**
 * https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3directoryroomroomalias
 * @throws MatrixError 400 M_INVALID_PARAM for another server's alias, 403 to those outside of the room,
 *   409 M_UNKNOWN when the alias exists, 503 when no majority of the boxes answers
 */
export async function setRoomAlias(
  deps: AliasDeps,
  input: AliasInput & { readonly room: RoomId },
): Promise<void> {
  const { alias, user, room } = input;
  if (serverOf(alias) !== deps.serverName) {
    throw invalidParam("An alias can only be made on the server that it names.");
  }
  readInRoom(deps, () => requireJoined(deps.reader, room, user));
  if (aliasRecord(deps.reader, alias)) throw aliasExists(alias);
  if ((await claimAlias(deps, alias, user)) === "taken") throw aliasExists(alias);
  try {
    await deps.runner.run(putAlias, input);
  } catch (error) {
    await releaseUnusedAlias(deps, alias, user);
    throw error;
  }
}

const aliasExists = (alias: RoomAlias): MatrixError =>
  new MatrixError(409, "M_UNKNOWN", `Room alias ${alias} already exists.`);

export function putAlias(draft: Draft, input: AliasInput & { readonly room: RoomId }): void {
  const { alias, user, room } = input;
  requireJoined(draft, room, user);
  if (aliasRecord(draft, alias)) throw aliasExists(alias);
  draft.setField("mesh", ALIASES, alias, { room_id: room, creator: user });
}

/**
 * For its creator, for administrators, and for those who may name the room.
 * https://spec.matrix.org/v1.19/client-server-api/#delete_matrixclientv3directoryroomroomalias
 * @throws MatrixError 403 M_FORBIDDEN, 404 M_NOT_FOUND, 503 when no majority of the boxes answers
 */
export async function deleteRoomAlias(deps: AliasDeps, input: AliasInput): Promise<void> {
  const record = aliasRecord(deps.reader, input.alias);
  if (!record) throw aliasNotFound(deps, input.alias);
  requireMayDelete(deps.reader, input.user, record);
  await releaseAlias(deps, input.alias, record.creator);
  await deps.runner.run(removeAlias, input);
}

export function removeAlias(draft: Draft, input: AliasInput, env: Env): void {
  const record = aliasRecord(draft, input.alias);
  if (!record) return;
  requireMayDelete(draft, input.user, record);
  draft.setField("mesh", ALIASES, input.alias, undefined);
  withdrawFromRoom(draft, env, record.room, input);
}

function requireMayDelete(
  view: Draft | Services["reader"],
  user: UserId,
  record: { readonly room: RoomId; readonly creator: UserId },
): void {
  if (record.creator === user || isAdmin(view, user)) return;
  if (isJoined(view, record.room, user)) {
    const powers = powersIn(view, record.room);
    if (powers.user(user) >= powers.event("m.room.canonical_alias", true)) return;
  }
  throw forbidden("You may not delete this alias.");
}

/** The room stops advertising the alias, if the user may say so; the alias goes in any case. */
function withdrawFromRoom(
  draft: Draft,
  env: Env,
  room: RoomId,
  { alias, user: sender }: AliasInput,
): void {
  const before = stateContent(draft, room, "m.room.canonical_alias");
  const content = withoutAlias(before, alias);
  if (content === before) return;
  try {
    putState(draft, env, { room, sender, type: "m.room.canonical_alias", stateKey: "", content });
  } catch (error) {
    if (!(error instanceof MatrixError) || error.status !== 403) throw error;
  }
}

function withoutAlias(content: JsonObject, alias: RoomAlias): JsonObject {
  const { alias: main, alt_aliases: others, ...rest } = content;
  const list = Array.isArray(others) ? others : [];
  if (main !== alias && !list.includes(alias)) return content;
  const kept = list.filter((other) => other !== alias);
  return {
    ...rest,
    ...(main === undefined || main === alias ? {} : { alias: main }),
    ...(kept.length === 0 ? {} : { alt_aliases: kept }),
  };
}

/**
 * https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3directoryroomroomalias
 * @throws MatrixError 404 M_NOT_FOUND
 */
export function resolveAlias(
  deps: Pick<Services, "reader" | "isCaughtUp" | "serverName">,
  alias: RoomAlias,
): { readonly room: RoomId; readonly servers: readonly ServerName[] } {
  const record = aliasRecord(deps.reader, alias);
  if (!record) throw aliasNotFound(deps, alias);
  return { room: record.room, servers: [deps.serverName] };
}

function aliasNotFound(
  deps: Pick<Services, "isCaughtUp" | "serverName">,
  alias: RoomAlias,
): MatrixError {
  if (serverOf(alias) !== deps.serverName) {
    return notFound(`${alias} is on another server, and federation is not available yet.`);
  }
  if (!deps.isCaughtUp()) {
    return unavailable("This box is still catching up with the others. Try again in a moment.");
  }
  return notFound(`Room alias ${alias} not found.`);
}
