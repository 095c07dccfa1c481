import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const REPOSITORY = join(import.meta.dirname, "..", "..", "..");
const SOURCES = ["core", "mesh", "api", "bin", "package.json"];

/** A change of the source: in this file, this text, which must be there once, becomes that one. */
export type Patch = readonly [file: string, from: string, to: string];

/** A later version has a record of a new kind, and speaks one version more of the mesh protocol. */
export const NEW_KIND: readonly Patch[] = [
  ["core/transaction/known-records.ts", "  birth: always,", "  birth: always,\n  mood: always,"],
  [
    "core/transaction/apply.ts",
    '    case "birth":',
    `    case "mood": {
      const put = { kind: "put", collection: "mood", key: [record.user], value: record.mood };
      return applyPut(context, put);
    }
    case "birth":`,
  ],
  [
    "core/user-data/account-data.ts",
    "  draft.setField(userDoc(input.user), ...fieldOf(input), input.content);",
    `  if (input.type === "org.example.mood") {
    return draft.stage({ kind: "mood", user: input.user, mood: input.content });
  }
  draft.setField(userDoc(input.user), ...fieldOf(input), input.content);`,
  ],
  ["mesh/replica/protocol.ts", "{ oldest: 1, newest: 1 }", "{ oldest: 1, newest: 2 }"],
];

/** A later one yet keeps something else in the store. */
export const NEW_FORMAT: readonly Patch[] = [
  ["mesh/store/format.ts", "STORE_FORMAT = 1;", "STORE_FORMAT = 2;"],
  [
    "mesh/store/format.ts",
    "const STEPS: readonly FormatStep[] = [];",
    `const STEPS: readonly FormatStep[] = [
  {
    to: 2,
    name: "note that there was a step",
    run: (store) => store.batch([{ type: "put", key: "m/step", value: "made" }]),
  },
];`,
  ],
];

/** An earlier version has no lists of delayed events, and knows nothing of added tables. */
export const NO_ADDED_TABLES: readonly Patch[] = [
  ["core/transaction/apply-put.ts", 'record.collection === "delayed"', "false as boolean"],
  ["mesh/store/check.ts", "await distrustTables(found.store, mark);", ""],
  ["mesh/store/check.ts", ", tablesOp()]", "]"],
  ["mesh/store/format.ts", "await makeAddedTables(store, logger);", ""],
  ["mesh/store/mark.ts", ", ...(tables === undefined ? {} : { tables }) }", " }"],
  ["mesh/verify/sections.ts", 'scope }) => scope === "mesh")', 'name }) => name === "p")'],
];

/** A copy of this software with changes, as another release would be. */
export class OtherSoftware {
  readonly folder = mkdtempSync(join(tmpdir(), "hearth-later-"));

  constructor(patches: readonly Patch[]) {
    for (const name of SOURCES) {
      cpSync(join(REPOSITORY, name), join(this.folder, name), { recursive: true });
    }
    symlinkSync(join(REPOSITORY, "node_modules"), join(this.folder, "node_modules"));
    for (const [file, from, to] of patches) {
      const path = join(this.folder, file);
      const source = readFileSync(path, "utf8");
      if (source.split(from).length !== 2) throw new Error(`${file} has not once: ${from}`);
      writeFileSync(
        path,
        source.replace(from, () => to),
      );
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
