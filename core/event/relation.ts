import type { EventId } from "../ids.ts";
import { isObject } from "../json.ts";
import type { JsonObject } from "../json.ts";

export interface Relation {
  /** `rel_type`. */
  readonly type: string;
  readonly parent: EventId;
}

/**
 * How an event with this content relates to another one. Undefined where it does not, or in a way that
 * does not fit the schema: that counts as none.
 * https://spec.matrix.org/v1.19/client-server-api/#forming-relationships-between-events
 */
export function relationOf(content: JsonObject): Relation | undefined {
  const relatesTo = content["m.relates_to"];
  if (!isObject(relatesTo)) return undefined;
  const { rel_type: type, event_id: parent } = relatesTo;
  if (typeof type !== "string" || typeof parent !== "string") return undefined;
  return { type, parent: parent as EventId };
}
