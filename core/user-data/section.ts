import type { Json } from "../json.ts";
import type { UserId } from "../ids.ts";
import type { Snapshot } from "../ports.ts";
import { fields } from "../tables.ts";
import type { DocId } from "../transaction/records.ts";

/** Fields read from one section of a document at once; far more than any client makes. */
export const SECTION_FIELDS_MAX = 10_000;
/** Between the parts of a field's key, where it has several: a room ID and a type, for instance. */
export const PART_SEPARATOR = "\u001f";

export function userDoc(user: UserId): DocId {
  return `user:${user}`;
}

/** The fields of one section by key, in key order. */
export async function readSection(
  snapshot: Snapshot,
  doc: DocId,
  section: string,
): Promise<Map<string, Json>> {
  const rows = await snapshot.range(fields, {
    prefix: [doc, section],
    limit: SECTION_FIELDS_MAX,
  });
  return new Map(rows.map(([[, , key], value]) => [key, value]));
}

/** The fields of a section whose keys start with a part, by what follows it. */
export async function readSectionPart(
  snapshot: Snapshot,
  doc: DocId,
  section: string,
  part: string,
): Promise<Map<string, Json>> {
  const start = part + PART_SEPARATOR;
  const rows = await snapshot.range(fields, {
    prefix: [doc, section],
    after: [start],
    before: [part + String.fromCharCode(PART_SEPARATOR.charCodeAt(0) + 1)],
    limit: SECTION_FIELDS_MAX,
  });
  return new Map(rows.map(([[, , key], value]) => [key.slice(start.length), value]));
}
