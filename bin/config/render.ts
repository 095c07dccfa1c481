import { parse, stringify } from "yaml";
import type { Field, Fields } from "./field.ts";
import { SCHEMA } from "./schema.ts";

/** Values for a new file, by dotted key, e.g. `{ "client.listen.port": 8018 }`. */
export type ConfigValues = Readonly<Record<string, unknown>>;

/** Widest comment line of the generated file. */
const COLUMNS_MAX = 96;
const INDENT = "  ";

const HEADER = [
  "# Configuration of one Hearth box. Every key is listed; a commented one shows its default.",
  "# After a change: meshctl check-config, then restart meshd.",
];

/** The text of a fully commented `mesh.yaml` with the given values set and all else at its default. */
export function renderConfig(values: ConfigValues): string {
  return [...HEADER, ...renderGroup(SCHEMA, "", values, 0)].join("\n") + "\n";
}

/**
 * The text with some values changed. Written anew from the schema, so only values survive, not
 * comments by hand; the same text when nothing changes. `source` must be a valid configuration.
 */
export function withConfigValues(source: string, values: ConfigValues): string {
  const present = flatten(parse(source), "");
  const changed = Object.entries(values).some(
    ([name, value]) => JSON.stringify(present[name]) !== JSON.stringify(value),
  );
  return changed ? renderConfig({ ...present, ...values }) : source;
}

function flatten(value: unknown, path: string): Record<string, unknown> {
  if (value === null || value === undefined) return {};
  if (typeof value !== "object" || Array.isArray(value)) return { [path]: value };
  const parts = Object.entries(value).map(([key, inner]) =>
    flatten(inner, path === "" ? key : `${path}.${key}`),
  );
  return Object.assign({}, ...parts) as Record<string, unknown>;
}

function renderGroup(fields: Fields, path: string, values: ConfigValues, depth: number): string[] {
  const indent = INDENT.repeat(depth);
  return Object.entries(fields).flatMap(([key, field]) => {
    const name = path === "" ? key : `${path}.${key}`;
    const gap = depth === 0 ? [""] : [];
    const about = comment(field.about, indent);
    const body =
      field.kind === "group"
        ? [`${key}:`, ...renderGroup(field.fields, name, values, depth + 1)]
        : [renderField(key, field, values[name])];
    const [first, ...rest] = body;
    return [...gap, ...about, `${indent}${first}`, ...rest];
  });
}

function renderField(key: string, field: Field<unknown>, value: unknown): string {
  if (value !== undefined) return `${key}: ${inline(value)}`;
  const hasDefault = !field.required && field.default !== undefined && !isEmptyList(field.default);
  return hasDefault
    ? `# ${key}: ${inline(field.default)}`
    : `# ${key}: ${inline(field.example)}  # (an example; not set)`;
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** One line of YAML, lists in brackets. */
function inline(value: unknown): string {
  return stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trimEnd();
}

function comment(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent.length + 2 + line.length + 1 + word.length > COLUMNS_MAX) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].map((content) => `${indent}# ${content}`);
}
