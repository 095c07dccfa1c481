import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { limitsOf } from "../../../bin/limits/find-limits.ts";
import { limitsPage } from "../../../bin/limits/write-limits.ts";
import { read, ROOT } from "../../support/source-tree.ts";
import { tempFolder } from "../../support/temp-folder.ts";

/** A source tree of these files. */
function tree(files: Readonly<Record<string, string>>): string {
  const root = tempFolder();
  for (const layer of ["api", "core", "mesh", "bin"]) mkdirSync(join(root, layer));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

describe("docs/LIMITS.md", () => {
  it("is what `npm run generate` makes of the source", () => {
    expect(read("docs/LIMITS.md")).toBe(limitsPage(ROOT));
  });
});

describe("the limits of the source", () => {
  it("are found with their value and the reason in the comment above", () => {
    const root = tree({
      "core/units.ts": "export const MIB = 1024 * 1024;\n",
      "mesh/queue.ts": [
        'import { MIB } from "../core/units.ts";',
        "",
        "/** Bytes that wait:",
        " * a slow box must not fill the memory. */",
        "export const QUEUE_BYTES_MAX = 4 * MIB;",
        "const WAIT_MS = 2_500;",
      ].join("\n"),
    });
    const file = "mesh/queue.ts";
    const reason = "Bytes that wait: a slow box must not fill the memory.";
    expect(limitsOf(root)).toEqual([
      { file, name: "QUEUE_BYTES_MAX", value: 4_194_304, reason },
      { file, name: "WAIT_MS", value: 2500, reason: "" },
    ]);
  });

  it("include the numbers of an object, with the reasons of its interface", () => {
    const lines = [
      "interface Budget {",
      "  /** Requests at once. */",
      "  readonly burst: number;",
      "}",
      "const BUDGETS: Record<string, Budget> = {",
      "  login: { burst: 50 },",
      "};",
    ];
    const root = tree({ "api/budgets.ts": lines.join("\n") });
    expect(limitsOf(root)).toEqual([
      {
        file: "api/budgets.ts",
        name: "BUDGETS.login.burst",
        value: 50,
        reason: "Requests at once.",
      },
    ]);
  });

  it("leave out what is no bound: text, patterns, sizes that a format fixes", () => {
    const root = tree({
      "core/a.ts": 'const NAME_MAX = "x";\nconst KEY_BYTES = 32;\nconst RADIX = 36;\n',
    });
    expect(limitsOf(root)).toEqual([]);
  });

  it("are written in the largest unit that comes out whole", () => {
    const root = tree({
      "bin/a.ts": "// Why.\nconst A_BYTES_MAX = 1536;\n// How.\nconst B_MS = 90_000;\n",
    });
    const page = limitsPage(root);
    expect(page).toContain("| `A_BYTES_MAX` | 1,536 | bytes | Why. | `bin/a.ts` |");
    expect(page).toContain("| `B_MS`        | 90    | s     | How. | `bin/a.ts` |");
  });
});
