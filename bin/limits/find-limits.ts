import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { runInNewContext } from "node:vm";

const LAYERS = ["api", "core", "mesh", "bin"];

/** Names that bound something: how many, how much, how long, how often. */
const IS_LIMIT =
  /_(MAX|MIN|MS|S|HOURS|MINUTES|SECONDS|DEFAULT|ROWS|BATCH|BYTES|ENTRIES|ATTEMPT|AT_ONCE|DEPTH)(_|$)|_PER_/;
/** Sizes that a format fixes, and units of measure: nobody could choose them otherwise. */
const IS_FORMAT =
  /^(KIB|MIB|(SECOND|MINUTE|HOUR|DAY)_(MS|S))$|^HYBRID_TICKS_PER_MS$|^BITS_PER_|_(ID|KEY|SEED|SECRET|NONCE|SALT|HASH|SIGNATURE|HEADER|LENGTH|TIME|CHECKSUM|ACTOR|TAG|CREDIT|ENTRY|PSK)_BYTES$|^(KEY|PSK|SALT|HASH|NONCE|SECRET|SIGNATURE|LENGTH|TIME|CHECKSUM|ACTOR|TAG|CREDIT|ENTRY)_BYTES$|^PORT_DEFAULT$/;

const CONSTANT = /^(?:export )?const ([A-Z][A-Z0-9_]*)(?:: number)? = ([^;{["'`]+);$/;
const OBJECT = /^(?:export )?const ([A-Z][A-Z0-9_]*)(?:: [^=]+)? = \{$/;
const IMPORT = /^import (?:type )?\{([^}]*)\} from "(\.[^"]+)";/gms;
const MEMBER = /^ {2}(\w+): ([^{]+),$/;
const GROUP = /^ {2}(\w+): \{ (.+) \},$/;

export interface Limit {
  readonly file: string;
  readonly name: string;
  readonly value: number;
  /** Why it is what it is: the comment in the source; empty where that of the limit above holds. */
  readonly reason: string;
}

/** Every named limit of the source, in the order of files and lines. */
export function limitsOf(root: string): Limit[] {
  const sources = new Map(
    LAYERS.flatMap((layer) => filesBelow(root, layer)).map((file) => [
      file,
      readFileSync(join(root, file), "utf8"),
    ]),
  );
  return [...sources.keys()].flatMap((file) => limitsIn(sources, file));
}

function filesBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return filesBelow(root, path);
      return /(?<!\.gen|\.d)\.ts$/.test(path) ? [path] : [];
    });
}

function limitsIn(sources: ReadonlyMap<string, string>, file: string): Limit[] {
  const source = sources.get(file) ?? "";
  const lines = source.split("\n");
  const found: Limit[] = [];
  lines.forEach((line, at) => {
    const [, name = "", expression = ""] = CONSTANT.exec(line) ?? [];
    if (name !== "" && IS_LIMIT.test(name) && !IS_FORMAT.test(name)) {
      const value = evaluate(sources, file, expression);
      if (value !== undefined) found.push({ file, name, value, reason: commentAbove(lines, at) });
    }
    const [, object] = OBJECT.exec(line) ?? [];
    if (object !== undefined) found.push(...members(sources, file, object, lines, at + 1));
  });
  return found;
}

/** The numbers of an object such as `STATE_LIMITS`; their reasons stand in its interface. */
function members(
  sources: ReadonlyMap<string, string>,
  file: string,
  object: string,
  lines: readonly string[],
  from: number,
): Limit[] {
  const end = lines.findIndex((line, at) => at >= from && line.startsWith("}"));
  const pairs = lines.slice(from, end).flatMap((line): [path: string, text: string][] => {
    const [, group, inner] = GROUP.exec(line) ?? [];
    if (group !== undefined && inner !== undefined) {
      const parts = inner.split(", ").map((part) => part.split(": "));
      return parts.map(([key = "", text = ""]) => [`${group}.${key}`, text]);
    }
    const [, key, text] = MEMBER.exec(line) ?? [];
    return key === undefined || text === undefined ? [] : [[key, text]];
  });
  return pairs.flatMap(([path, text]) => {
    const value = evaluate(sources, file, text);
    const key = path.slice(path.lastIndexOf(".") + 1);
    const declared = lines.findIndex((line) => line.startsWith(`  readonly ${key}: number;`));
    if (value === undefined || declared < 0) return [];
    return [{ file, name: `${object}.${path}`, value, reason: commentAbove(lines, declared) }];
  });
}

/** The text of the comment that ends on the line before. */
function commentAbove(lines: readonly string[], at: number): string {
  const end = at - 1;
  if (!/^\s*(\/\*\*|\*|\/\/)/.test(lines[end] ?? "")) return "";
  let start = end;
  while (start > 0 && !/^\s*(\/\*\*|\/\/)/.test(lines[start] ?? "")) start--;
  return lines
    .slice(start, end + 1)
    .map((line) => line.replace(/^\s*(\/\*\*|\*\/|\*|\/\/)\s?/, "").replace(/\s*\*\/$/, ""))
    .join(" ")
    .trim();
}

/** The value of an expression of numbers and constants; undefined for anything else. */
function evaluate(
  sources: ReadonlyMap<string, string>,
  file: string,
  expression: string,
): number | undefined {
  let known = true;
  const text = expression.replace(/(?<![\w.])[A-Za-z_][\w.]*/g, (name) => {
    const value = valueOf(sources, file, name);
    known &&= value !== undefined;
    return `(${value})`;
  });
  if (!known || !/^[\d\s_()+*/.-]+$/.test(text)) return undefined;
  const value: unknown = runInNewContext(text);
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function valueOf(
  sources: ReadonlyMap<string, string>,
  file: string,
  name: string,
): number | undefined {
  const source = sources.get(file) ?? "";
  for (const line of source.split("\n")) {
    const [, declared, expression = ""] = CONSTANT.exec(line) ?? [];
    if (declared === name) return evaluate(sources, file, expression);
  }
  for (const [, names = "", path = ""] of source.matchAll(IMPORT)) {
    const isImported = names.split(",").some((imported) => imported.trim() === name);
    if (isImported) return valueOf(sources, join(dirname(file), path), name);
  }
  return undefined;
}
