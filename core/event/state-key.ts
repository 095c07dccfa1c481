import type { EventId } from "../ids.ts";

declare const brand: unique symbol;

/** A (type, state_key) pair as one string: the key of a map or of a stored row. */
export type StateKey = string & { readonly [brand]: "StateKey" };

/** One state of a room: `stateKeyOf(type, state_key)` → the event that set it. */
export type StateMap = ReadonlyMap<string, EventId>;

const SEPARATOR = "\u001f";
const ESCAPE = "\u001e";

/**
 * The separator is the first U+001F. Event types come from strangers, so one that holds U+001F or
 * U+001E is escaped: no two pairs share a key.
 */
export function stateKeyOf(type: string, stateKey: string): StateKey {
  const safe = type.includes(SEPARATOR) || type.includes(ESCAPE) ? escape(type) : type;
  return (safe + SEPARATOR + stateKey) as StateKey;
}

export function splitStateKey(key: string): [type: string, stateKey: string] {
  const at = key.indexOf(SEPARATOR);
  if (at < 0) throw new Error("not a state key: it has no separator");
  const type = key.slice(0, at);
  return [type.includes(ESCAPE) ? unescape(type) : type, key.slice(at + 1)];
}

function escape(type: string): string {
  return type.replaceAll(ESCAPE, `${ESCAPE}0`).replaceAll(SEPARATOR, `${ESCAPE}1`);
}

function unescape(type: string): string {
  return type.replaceAll(`${ESCAPE}1`, SEPARATOR).replaceAll(`${ESCAPE}0`, ESCAPE);
}
