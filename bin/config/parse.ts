import type { Document, Pair, YAMLMap } from "yaml";
import { isMap, isNode, isScalar, LineCounter, parseDocument } from "yaml";
import type { Field, Fields } from "./field.ts";
import type { Problem } from "./problems.ts";
import type { Config } from "./schema.ts";
import { SCHEMA } from "./schema.ts";

/** Aliases could blow a small file up; nothing here needs one. */
const ALIASES_MAX = 0;

interface Context {
  readonly document: Document;
  readonly lines: LineCounter;
  readonly problems: Problem[];
  readonly unknown: Problem[];
}

export type ParsedConfig =
  /** `unknown`: keys that no harm comes of; whether they are taken is up to the caller. */
  | { readonly ok: true; readonly config: Config; readonly unknown: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Checks the text of a `mesh.yaml` against the schema; finds all problems, not only the first. A key
 * that the schema does not have may be a slip, or one of a later version of the software.
 */
export function parseConfig(source: string): ParsedConfig {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const problems: Problem[] = document.errors.map((error) => ({
    line: lines.linePos(error.pos[0]).line,
    message: error.message,
  }));
  if (problems.length > 0) return { ok: false, problems };

  const unknown: Problem[] = [];
  const context: Context = { document, lines, problems, unknown };
  const root: unknown = document.contents;
  if (!isEmpty(root) && !isMap(root)) {
    return { ok: false, problems: [{ line: 1, message: "expected keys and values" }] };
  }
  // The walk below builds exactly what SCHEMA describes, or reports a problem.
  const config = readGroup(
    SCHEMA,
    isMap(root) ? root : undefined,
    [],
    context,
  ) as unknown as Config;
  if (problems.length === 0) checkTogether(config, problems);
  if (problems.length === 0) return { ok: true, config, unknown };
  return { ok: false, problems: [...problems, ...unknown].toSorted((a, b) => a.line - b.line) };
}

/** A key whose value is left out, or whose keys are all commented out. */
function isEmpty(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null);
}

function lineOf(node: unknown, context: Context): number {
  const offset = isNode(node) ? node.range?.[0] : undefined;
  return offset === undefined ? 1 : context.lines.linePos(offset).line;
}

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

function readGroup(
  fields: Fields,
  map: YAMLMap | undefined,
  path: readonly string[],
  context: Context,
): Record<string, unknown> {
  const pairs = new Map<string, Pair>();
  for (const pair of map?.items ?? []) {
    const key = keyOf(pair);
    if (Object.hasOwn(fields, key)) {
      pairs.set(key, pair);
      continue;
    }
    const where = path.length === 0 ? "at the top" : `in ${path.join(".")}`;
    const message = `unknown key \`${[...path, key].join(".")}\`; the keys ${where} are ${Object.keys(fields).join(", ")}`;
    context.unknown.push({ line: lineOf(pair.key, context), message });
  }
  const result: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(fields)) {
    result[key] = readEntry(field, pairs.get(key), [...path, key], context);
  }
  return result;
}

function readEntry(
  field: Fields[string],
  pair: Pair | undefined,
  path: readonly string[],
  context: Context,
): unknown {
  const value: unknown = pair?.value;
  if (field.kind === "field") return readField(field, pair, path, context);
  if (isMap(value)) return readGroup(field.fields, value, path, context);
  if (!isEmpty(value)) {
    const expected = `expected keys below it: ${Object.keys(field.fields).join(", ")}`;
    context.problems.push({
      line: lineOf(pair?.key, context),
      message: `\`${path.join(".")}\`: ${expected}`,
    });
  }
  return readGroup(field.fields, undefined, path, context);
}

function readField(
  field: Field<unknown>,
  pair: Pair | undefined,
  path: readonly string[],
  context: Context,
): unknown {
  const name = path.join(".");
  if (pair === undefined || isEmpty(pair.value)) {
    if (!field.required) return field.default;
    const line = pair === undefined ? 1 : lineOf(pair.key, context);
    context.problems.push({ line, message: `\`${name}\` is missing: expected ${field.expected}` });
    return field.default;
  }
  const value = plainValue(pair.value, context);
  if (field.accepts(value)) return value;
  context.problems.push({
    line: lineOf(pair.key, context),
    message: `\`${name}\`: expected ${field.expected}, found ${describe(value)}`,
  });
  return field.default;
}

function plainValue(node: unknown, context: Context): unknown {
  if (!isNode(node)) return node;
  try {
    return node.toJS(context.document, { maxAliasCount: ALIASES_MAX });
  } catch {
    return undefined;
  }
}

function describe(value: unknown): string {
  if (value === undefined) return "something that cannot be read";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object") return "keys and values";
  const shown = JSON.stringify(value);
  return shown.length > 60 ? `${shown.slice(0, 57)}…` : shown;
}

/** Rules that no single key can check. */
function checkTogether(config: Config, problems: Problem[]): void {
  const { uris, shared_secret, username, password } = config.turn;
  const hasLogin = username !== undefined && password !== undefined;
  if (uris.length > 0 && shared_secret === undefined && !hasLogin) {
    const message =
      "`turn.uris` needs `turn.shared_secret`, or `turn.username` and `turn.password`";
    problems.push({ line: 1, message });
  }
}
