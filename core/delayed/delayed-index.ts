import type { UserId } from "../ids.ts";
import { isObject } from "../json.ts";
import type { Json } from "../json.ts";
import type { WritableView } from "../ports.ts";
import { delayedEvents } from "../tables.ts";

/** Who scheduled the event of a `delayed` fact; undefined where it was forgotten. */
export function schedulerOf(fact: Json | undefined): UserId | undefined {
  const user = isObject(fact) ? fact["user"] : undefined;
  return typeof user === "string" ? (user as UserId) : undefined;
}

/** Keeps the table that finds a user's delayed events. The fact of one changed from `before` to `after`. */
export function indexDelayed(
  view: WritableView,
  id: string,
  before: Json | undefined,
  after: Json | undefined,
): void {
  const [was, is] = [schedulerOf(before), schedulerOf(after)];
  if (was !== undefined && was !== is) view.del(delayedEvents, [was, id]);
  if (is !== undefined) view.put(delayedEvents, [is, id], true);
}
