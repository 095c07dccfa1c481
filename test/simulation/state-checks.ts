import { canonicalText, derivedRows } from "../support/derived-rows.ts";
import type { World } from "./world.ts";

/** I3, I14, I16: the derived tables of all boxes are equal, row by row. */
export function checkTables(world: World): void {
  const [first, ...others] = world.boxes;
  if (!first) return;
  const rows = derivedRows(first.disk.current.entries);
  for (const box of others) {
    const theirs = derivedRows(box.disk.current.entries);
    for (const key of new Set([...rows.keys(), ...theirs.keys()])) {
      if (rows.get(key) === theirs.get(key)) continue;
      const [a, b] = [canonicalText(rows.get(key)), canonicalText(theirs.get(key))];
      if (a === b) continue;
      const name = JSON.stringify(key);
      world.violate("equality", `${name} is ${a} on ${first.id} and ${b} on ${box.id}`);
    }
  }
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
