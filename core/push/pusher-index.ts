import type { UserId } from "../ids.ts";
import type { Json } from "../json.ts";
import type { WritableView } from "../ports.ts";
import { pusherCounts, pushersByKey } from "../tables.ts";
import { PART_SEPARATOR } from "../user-data/section.ts";

/** Section of the user document: `<app ID> U+001F <pushkey>` → StoredPusher. */
export const PUSHERS = "pushers";

export function pusherField(appId: string, pushkey: string): string {
  return appId + PART_SEPARATOR + pushkey;
}

/** Undefined for a field that no version of the software wrote. */
export function splitPusherField(field: string): [appId: string, pushkey: string] | undefined {
  const at = field.indexOf(PART_SEPARATOR);
  return at < 0 ? undefined : [field.slice(0, at), field.slice(at + 1)];
}

/** Keeps the tables that find pushers across all users. `field` changed from `before` to `after`. */
export function indexPusher(
  view: WritableView,
  user: UserId,
  field: string,
  before: Json | undefined,
  after: Json | undefined,
): void {
  const names = splitPusherField(field);
  const change = (after === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
  if (!names || change === 0) return;
  const [appId, pushkey] = names;
  if (after === undefined) view.del(pushersByKey, [appId, pushkey, user]);
  else view.put(pushersByKey, [appId, pushkey, user], true);
  for (const whose of [user, "all"] as const) {
    view.put(pusherCounts, [whose], (view.get(pusherCounts, [whose]) ?? 0) + change);
  }
}
