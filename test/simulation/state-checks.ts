import { TABLES } from "../../core/tables.ts";
import type { SimBox } from "./sim-box.ts";
import type { World } from "./world.ts";

/** What a client is told of, and what waits for it, is compared through what the clients were told. */
const LOCAL_TABLES: ReadonlySet<string> = new Set(
  TABLES.flatMap(({ name, scope }) => (scope === "box" ? [name] : [])),
);

/** I3, I14, I16: the derived tables of all boxes are equal, row by row. */
export function checkTables(world: World): void {
  const [first, ...others] = world.boxes;
  if (!first) return;
  const rows = tableRows(first);
  for (const box of others) {
    const theirs = tableRows(box);
    for (const key of new Set([...rows.keys(), ...theirs.keys()])) {
      if (rows.get(key) === theirs.get(key)) continue;
      const [a, b] = [canonical(rows.get(key)), canonical(theirs.get(key))];
      if (a === b) continue;
      const name = JSON.stringify(key);
      world.violate("equality", `${name} is ${a} on ${first.id} and ${b} on ${box.id}`);
    }
  }
}

function tableRows(box: SimBox): Map<string, string> {
  const rows = new Map<string, string>();
  for (const [key, text] of box.disk.current.entries) {
    if (!key.startsWith("t/")) continue;
    if (!LOCAL_TABLES.has(key.slice(2, key.indexOf("\0")))) rows.set(key, text);
  }
  return rows;
}

/** The text with members in order: which of two equal changes wrote a row first does not matter. */
function canonical(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const sort = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sort);
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries.map(([key, item]) => [key, sort(item)]));
  };
  return JSON.stringify(sort(JSON.parse(text)));
}

/** I3: the documents of all boxes have the same heads. */
export function checkDocuments(world: World): void {
  const docs = new Set<string>();
  for (const box of world.boxes) {
    for (const key of box.disk.current.entries.keys()) {
      if (key.startsWith("d/")) docs.add(key.slice(2, key.indexOf("\0")));
    }
  }
  for (const doc of docs) {
    const heads = world.boxes.map(({ node }) => node?.documents.heads(doc as "mesh").join());
    if (new Set(heads).size > 1) world.violate("equality", `the boxes differ in document ${doc}`);
  }
}
