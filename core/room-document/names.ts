import { assert } from "../errors.ts";
import type { RoomId } from "../ids.ts";
import type { DocId, Generation, StateHeads } from "../transaction/records.ts";

const SEPARATOR = "\u001f";
const GENERATION = /^[0-9a-f]{64}$/;

export function isGeneration(value: unknown): value is Generation {
  return typeof value === "string" && GENERATION.test(value);
}

export function roomDoc(room: RoomId, generation?: string): DocId {
  if (generation === undefined) return `room:${room}`;
  assert(isGeneration(generation), "a generation is named by the hash of its first change");
  return `room:${room}${SEPARATOR}${generation}` as DocId;
}

/** The generation that a document's name holds: the hash that its first change must have. */
export function generationOf(doc: DocId): Generation | undefined {
  if (!doc.startsWith("room:")) return undefined;
  const found = doc.slice(doc.lastIndexOf(SEPARATOR) + 1);
  return isGeneration(found) ? found : undefined;
}

/** Only the members that name a state, of something that has one. */
export function stateHeads({ heads, generation }: StateHeads): StateHeads {
  return generation === undefined ? { heads } : { heads, generation };
}

export function isSameState(a: StateHeads, b: StateHeads): boolean {
  return a.generation === b.generation && sameList(a.heads, b.heads);
}

export function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
