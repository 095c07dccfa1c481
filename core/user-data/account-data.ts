import { invalidParam, MatrixError, notFound, tooLarge } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { isObject } from "../json.ts";
import type { RoomId, UserId } from "../ids.ts";
import type { Reader } from "../ports.ts";
import { readPushRules } from "../push/rules.ts";
import type { Services } from "../services.ts";
import { fields, puts } from "../tables.ts";
import type { Draft } from "../transaction/draft.ts";
import { ACCOUNT_DATA_BYTES_MAX, NAME_BYTES_MAX } from "./constants.ts";
import { PART_SEPARATOR, userDoc } from "./section.ts";
import { unlessBehind } from "./missing.ts";
import { readTags } from "./tags.ts";

/** Where account data belongs: to the account, or to the account in one room. */
export interface DataPlace {
  readonly user: UserId;
  readonly room?: RoomId | undefined;
  readonly type: string;
}

/**
 * Types with operations of their own. NOTSPEC: the spec names only the first two; tags are kept one by
 * one, so that tags set on two boxes at once are both kept, and cannot be replaced as a whole.
 */
const MANAGED: ReadonlySet<string> = new Set(["m.fully_read", "m.push_rules", "m.tag"]);

function fieldOf(place: DataPlace): [section: string, key: string] {
  return place.room === undefined
    ? ["account_data", place.type]
    : ["room_account_data", place.room + PART_SEPARATOR + place.type];
}

/** Command: sets the content of one type. */
export function putAccountData(
  draft: Draft,
  input: DataPlace & { readonly content: JsonObject },
): void {
  draft.setField(userDoc(input.user), ...fieldOf(input), input.content);
}

/**
 * https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3useruseridaccount_datatype
 * @throws MatrixError 405 M_BAD_JSON for what the server manages
 */
export async function storeAccountData(
  deps: Pick<Services, "runner">,
  input: DataPlace & { readonly content: JsonObject },
): Promise<void> {
  if (MANAGED.has(input.type)) {
    const message = `Cannot set ${input.type} through this API.`;
    throw new MatrixError(405, "M_BAD_JSON", message);
  }
  if (Buffer.byteLength(input.type) > NAME_BYTES_MAX) throw invalidParam("the type is too long");
  if (Buffer.byteLength(JSON.stringify(input.content)) > ACCOUNT_DATA_BYTES_MAX) {
    throw tooLarge("the account data is too large");
  }
  await deps.runner.run(putAccountData, input);
}

/** The content of one type, those that the server manages included. Throws 404 when there is none. */
export async function readAccountData(
  deps: Pick<Services, "reader" | "isCaughtUp" | "timers">,
  place: DataPlace,
): Promise<JsonObject> {
  return unlessBehind(deps, async () => {
    const content = await find(deps.reader, place);
    if (content === undefined) throw notFound("Account data not found.");
    return content;
  });
}

async function find(reader: Reader, place: DataPlace): Promise<JsonObject | undefined> {
  const { user, room, type } = place;
  using snapshot = reader.snapshot();
  if (room === undefined && type === "m.push_rules") {
    return { global: await readPushRules(snapshot, user) };
  }
  if (room !== undefined && type === "m.fully_read") {
    const fact = snapshot.get(puts, ["fully_read", user, room])?.value;
    return isObject(fact) ? fact : undefined;
  }
  if (room !== undefined && type === "m.tag") {
    const tags = await readTags(snapshot, user, room);
    return Object.keys(tags).length > 0 ? { tags } : undefined;
  }
  const content = snapshot.get(fields, [userDoc(user), ...fieldOf(place)]);
  return isObject(content) ? content : undefined;
}
