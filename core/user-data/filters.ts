import { createHash } from "node:crypto";
import { badJson, notFound, tooLarge } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { isObject } from "../json.ts";
import type { UserId } from "../ids.ts";
import type { Services } from "../services.ts";
import { fields } from "../tables.ts";
import type { Draft } from "../transaction/draft.ts";
import { FILTER_BYTES_MAX } from "./constants.ts";
import { unlessBehind } from "./missing.ts";
import { userDoc } from "./section.ts";

const ID_CHARACTERS = 16;

interface NewFilter {
  readonly user: UserId;
  readonly id: string;
  readonly filter: JsonObject;
}

/** Command: keeps a filter. The same filter again stages nothing. */
export function keepFilter(draft: Draft, { user, id, filter }: NewFilter): void {
  if (draft.getField(userDoc(user), "filters", id) !== undefined) return;
  draft.setField(userDoc(user), "filters", id, filter);
}

/** Stores a filter and returns its ID, a hash of the filter: the same on every box. */
export async function storeFilter(
  deps: Pick<Services, "reader" | "runner">,
  user: UserId,
  filter: JsonObject,
): Promise<string> {
  checkFilter(filter);
  const text = JSON.stringify(filter);
  if (Buffer.byteLength(text) > FILTER_BYTES_MAX) throw tooLarge("the filter is too large");
  const id = createHash("sha256").update(text).digest("base64url").slice(0, ID_CHARACTERS);
  if (deps.reader.get(fields, [userDoc(user), "filters", id]) === undefined) {
    await deps.runner.run(keepFilter, { user, id, filter });
  }
  return id;
}

/** What the types of the schema leave open. */
function checkFilter(filter: JsonObject): void {
  const room = isObject(filter["room"]) ? filter["room"] : {};
  for (const part of [filter["presence"], filter["account_data"], ...Object.values(room)]) {
    const limit = isObject(part) ? part["limit"] : undefined;
    if (limit !== undefined && (!Number.isInteger(limit) || Number(limit) < 0)) {
      throw badJson("the limit of a filter must be a whole number from 0");
    }
  }
}

/** Throws 404 when the user has no such filter. */
export async function readFilter(
  deps: Pick<Services, "reader" | "isCaughtUp" | "timers">,
  user: UserId,
  id: string,
): Promise<JsonObject> {
  return unlessBehind(deps, () => {
    const filter = deps.reader.get(fields, [userDoc(user), "filters", id]);
    if (!isObject(filter)) throw notFound("you have no filter with this ID");
    return filter;
  });
}
