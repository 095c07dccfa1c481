import { TABLES } from "../../core/tables.ts";

/** What a client is told of, and what waits for it, is compared through what the clients were told. */
const LOCAL_TABLES: ReadonlySet<string> = new Set(
  TABLES.flatMap(({ name, scope }) => (scope === "box" ? [name] : [])),
);

/** The rows of a store that every box with the same transactions has alike. */
export function derivedRows(rows: Iterable<readonly [string, string]>): Map<string, string> {
  const derived = new Map<string, string>();
  for (const [key, text] of rows) {
    if (!key.startsWith("t/")) continue;
    if (!LOCAL_TABLES.has(key.slice(2, key.indexOf("\0")))) derived.set(key, text);
  }
  return derived;
}

/** The text with members in order: which of two equal changes wrote a row first does not matter. */
export function canonicalText(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const sort = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sort);
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries.map(([key, item]) => [key, sort(item)]));
  };
  return JSON.stringify(sort(JSON.parse(text)));
}
