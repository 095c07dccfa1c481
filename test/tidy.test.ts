import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { codeLines, filesBelow, read, ROOT } from "./support/source-tree.ts";

const SOURCE_FOLDERS = ["core", "mesh", "api", "bin"];
const sources = SOURCE_FOLDERS.flatMap(filesBelow).filter((path) => path.endsWith(".ts"));
const tests = filesBelow("test").filter((path) => path.endsWith(".ts"));
const written = [...sources, ...tests].filter((path) => !path.endsWith(".gen.ts"));
const documents = [
  ...["README.md", "CONTRIBUTING.md"].filter((path) => existsSync(join(ROOT, path))),
  ...["docs", ...SOURCE_FOLDERS, "test", "rpi-image"].flatMap(filesBelow),
].filter((path) => path.endsWith(".md"));

/** Where files break a rule, as an editor understands it. */
function places(paths: readonly string[], breaks: (line: string) => boolean): string[] {
  return paths.flatMap((path) =>
    codeLines(read(path)).flatMap((line, i) =>
      breaks(line) ? [`${path}:${i + 1}: ${line.trim()}`] : [],
    ),
  );
}

describe("hidden inputs", () => {
  /** The rules of core/ and the replica logic must give the same result when they are replayed. */
  const banned: readonly (readonly [call: RegExp, instead: string])[] = [
    [/\bDate\.now\(|\bnew Date\(\)/, "the time of the command (env.time), or the Clock handed in"],
    [/\bMath\.random\(|\brandomUUID\(|\brandomBytes\(/, "the Random port"],
    [/\bset(Timeout|Interval|Immediate)\(/, "the Timers port"],
    [/\bperformance\.now\(|\bhrtime\b/, "Timers.elapsed"],
    [/\bprocess\.env\b/, "a value of mesh.yaml handed in"],
    [/\bconsole\./, "the Logger port"],
  ];
  const pure = sources.filter((path) => path.startsWith("core/") || path.startsWith("mesh/"));

  it.each(banned)("core/ and mesh/ do not call %s; they take %s", (call) => {
    expect(places(pure, (line) => call.test(line))).toEqual([]);
  });
});

describe("size and names", () => {
  /** Files over the aim of 300 lines. The list may only shrink; 500 is refused by the linter. */
  const LONG_FILES: readonly string[] = [];

  it("only the listed files have more than 300 lines", () => {
    const long = sources
      .filter((path) => !path.endsWith(".gen.ts"))
      .filter((path) => read(path).trimEnd().split("\n").length > 300);
    expect(long).toEqual(LONG_FILES);
  });

  it("file names are kebab-case", () => {
    const isKebab = (path: string): boolean =>
      /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|gen|bench|d))?\.ts$/.test(basename(path));
    expect([...sources, ...tests].filter((path) => !isKebab(path))).toEqual([]);
  });

  it("folders of source with more than five files have a README of at most 40 lines", () => {
    const folders = Map.groupBy(sources, (path) => dirname(path));
    const wrong = [...folders].flatMap(([folder, paths]) => {
      if (paths.length <= 5) return [];
      const readme = join(folder, "README.md");
      if (!existsSync(join(ROOT, readme))) return [`${readme} is missing`];
      const lines = read(readme).trimEnd().split("\n").length;
      return lines > 40 ? [`${readme} has ${lines} lines`] : [];
    });
    expect(wrong).toEqual([]);
  });
});

describe("loose ends", () => {
  const MARKS = new RegExp(
    `\\b(${["FIX" + "ME", "X" + "XX"].join("|")})\\b|\\bTODO\\b(?!\\(#\\d+\\))`,
  );

  it("no mark of unfinished work, other than a TODO that names its issue", () => {
    const found = written.flatMap((path) =>
      read(path)
        .split("\n")
        .flatMap((line, i) => (MARKS.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : [])),
    );
    expect(found.filter((place) => !place.startsWith("test/tidy.test.ts"))).toEqual([]);
  });

  it("a test that may not run says why, in a comment on the line before", () => {
    const conditional = /\b(it|test|describe)\.(skipIf|runIf|todo|fails)\b/;
    const found = tests.flatMap((path) => {
      const lines = read(path).split("\n");
      const isExplained = (i: number): boolean => /^\s*(\/\/|\*\/|\/\*\*)/.test(lines[i - 1] ?? "");
      return lines.flatMap((line, i) =>
        conditional.test(line) && !isExplained(i) ? [`${path}:${i + 1}: ${line.trim()}`] : [],
      );
    });
    expect(found.filter((place) => !place.startsWith("test/tidy.test.ts"))).toEqual([]);
  });

  it("tests wait for events or the fake clock, never for time", () => {
    const waits = /(?<![.\w])(setTimeout|sleep|delay)\(|timers\/promises/;
    const mayWait = /^test\/(simulation|support|bench)\//;
    const held = tests.filter((path) => path.endsWith(".test.ts") && !mayWait.test(path));
    const found = places(held, (line) => waits.test(line));
    expect(found.filter((place) => !place.startsWith("test/tidy.test.ts"))).toEqual([]);
  });
});

describe("documents", () => {
  const LINK = /\]\((?!https?:|#|mailto:)([^)\s#]+)/g;
  const QUOTED = /`((?:core|mesh|api|bin|test|docs|rpi-image)\/[A-Za-z0-9._/-]+)`/g;

  it("every path that a document names exists", () => {
    const missing = documents.flatMap((path) => {
      const text = read(path);
      const links = [...text.matchAll(LINK)].map(([, target = ""]) => join(dirname(path), target));
      const quoted = [...text.matchAll(QUOTED)].map(([, target = ""]) => target);
      return [...links, ...quoted]
        .filter((target) => !existsSync(join(ROOT, target)))
        .map((target) => `${path} names ${target}`);
    });
    expect(missing).toEqual([]);
  });
});

interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly optionalDependencies: Record<string, string>;
}

interface Lock {
  readonly packages: Record<string, { readonly optionalDependencies?: Record<string, string> }>;
}

describe("packages", () => {
  const manifest = JSON.parse(read("package.json")) as Manifest;

  it("are pinned to one exact version", () => {
    const { dependencies, devDependencies, optionalDependencies } = manifest;
    const all = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
    expect(all.filter(([, range]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(range))).toEqual([]);
  });

  it("that run in production are each justified in docs/decisions/", () => {
    const decisions = filesBelow("docs/decisions").map(read).join("\n");
    const unexplained = Object.keys(manifest.dependencies).filter(
      (name) => !decisions.includes(`\`${name}\``),
    );
    expect(unexplained).toEqual([]);
  });

  it("that run in production are used", () => {
    const code = sources.map(read).join("\n");
    const unused = Object.keys(manifest.dependencies).filter(
      (name) => !code.includes(`"${name}"`) && !code.includes(`"${name}/`),
    );
    expect(unused).toEqual([]);
  });

  it("for other platforms are in the lock too, without which npm ci refuses to install", () => {
    const { packages } = JSON.parse(read("package-lock.json")) as Lock;
    const wanted = Object.values(packages).flatMap((entry) =>
      Object.keys(entry.optionalDependencies ?? {}),
    );
    expect(wanted.filter((name) => packages[`node_modules/${name}`] === undefined)).toEqual([]);
  });
});
