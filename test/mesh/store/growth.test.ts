import { expect, it } from "vitest";
import { TABLES } from "../../../core/tables.ts";
import { read } from "../../support/source-tree.ts";

const page = read("docs/GROWTH.md");
/** What the first column of a section's table names, without what else the row says. */
function namedIn(heading: string): string[] {
  const section = page.split(`## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  return [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, name = ""]) => name).toSorted();
}

it("docs/GROWTH.md says of every table what it grows with and what bounds it", () => {
  const source = read("core/tables.ts");
  const constants = [...source.matchAll(/^export const (\w+) = table</gm)].map(
    ([, name = ""]) => name,
  );
  expect(constants).toHaveLength(TABLES.length);
  expect(namedIn("Tables")).toEqual(constants.toSorted());
  for (const { name } of TABLES)
    expect(page).toMatch(new RegExp(`^\\| \`\\w+\` +\\| \`${name}\` +\\|`, "m"));
});

it("and of every collection of small facts", () => {
  const source = read("core/transaction/records.ts");
  const union = /export type Collection =([^;]+);/.exec(source)?.[1] ?? "";
  const collections = [...union.matchAll(/"(\w+)"/g)].map(([, name = ""]) => name);
  expect(namedIn("Collections of `puts`")).toEqual(collections.toSorted());
});

it("and of every key of the mesh", () => {
  const source = read("mesh/store/mesh-keys.ts");
  const keys = [...source.matchAll(/^export const \w+_(?:KEY|PREFIX) = "(m\/[^"]+)"/gm)];
  const named = keys.map(([, key = ""]) => key);
  expect(named.length).toBeGreaterThan(5);
  expect(namedIn("Keys of the mesh")).toEqual(["d/", "j/", ...named].toSorted());
});

it("and no row leaves open what bounds it, but for the one that stands for many", () => {
  const rows = page.split("\n").filter((line) => line.startsWith("| `"));
  const open = rows.filter((row) => row.split("|").at(-2)?.trim() === "");
  expect(open).toEqual([expect.stringContaining("see the collections below")]);
});
