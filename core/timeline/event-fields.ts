import type { Json, JsonObject } from "../json.ts";
import { isObject } from "../json.ts";

/**
 * Splits a dot-separated property path; a backslash escapes a dot or a backslash.
 * https://spec.matrix.org/v1.19/appendices/#dot-separated-property-paths
 */
export function parsePropertyPath(path: string): string[] {
  const parts: string[] = [];
  let part = "";
  for (let i = 0; i < path.length; i++) {
    const c = path.charAt(i);
    const next = path.charAt(i + 1);
    if (c === "\\" && (next === "." || next === "\\")) {
      part += next;
      i++;
    } else if (c === ".") {
      parts.push(part);
      part = "";
    } else {
      part += c;
    }
  }
  return [...parts, part];
}

/** The event with only the properties that the paths name. */
export function pickFields(event: JsonObject, paths: readonly (readonly string[])[]): JsonObject {
  const out: Record<string, Json> = {};
  for (const path of paths) copyPath(event, out, path);
  return out;
}

function copyPath(from: JsonObject, to: Record<string, Json>, path: readonly string[]): void {
  const [name, ...rest] = path;
  if (name === undefined || !Object.hasOwn(from, name)) return;
  const value = from[name];
  if (value === undefined) return;
  if (rest.length === 0) {
    define(to, name, value);
    return;
  }
  if (!isObject(value)) return;
  const existing = Object.hasOwn(to, name) ? to[name] : undefined;
  const below: Record<string, Json> = isObject(existing)
    ? ({ ...existing } as Record<string, Json>)
    : {};
  copyPath(value, below, rest);
  if (Object.keys(below).length > 0) define(to, name, below);
}

/** Property names come from strangers: `__proto__` must become a property like any other. */
function define(to: Record<string, Json>, name: string, value: Json): void {
  Object.defineProperty(to, name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}
