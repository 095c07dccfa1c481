import type { Pdu } from "../event/pdu.ts";
import { plainTopic } from "../directory/room-summary.ts";

/** What may be searched: names as requests use them. */
export const SEARCH_KEYS = ["content.body", "content.name", "content.topic"] as const;
export type SearchKey = (typeof SEARCH_KEYS)[number];

/**
 * The text of an event under the keys that are searched; undefined when it has none.
 * https://spec.matrix.org/v1.19/client-server-api/#server-side-search
 */
export function searchableText(pdu: Pdu, keys: ReadonlySet<string>): string | undefined {
  const { type, content } = pdu;
  if (type === "m.room.message")
    return keys.has("content.body") ? text(content["body"]) : undefined;
  if (pdu.state_key !== "") return undefined;
  if (type === "m.room.name") return keys.has("content.name") ? text(content["name"]) : undefined;
  if (type !== "m.room.topic" || !keys.has("content.topic")) return undefined;
  const texts = [text(content["topic"]), plainTopic(content)].filter((part) => part !== undefined);
  return texts.length === 0 ? undefined : [...new Set(texts)].join("\n");
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
