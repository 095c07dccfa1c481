import { invalidParam, missingParam } from "../../core/errors.ts";
import { PARAMETER_BYTES_MAX } from "../constants.ts";
import { parameterRules } from "../schema/parameters.gen.ts";

/** What the specification demands of a parameter, as far as it is checked before the handler. */
export interface ParameterRule {
  readonly name: string;
  readonly in: "path" | "query";
  readonly kind: "string" | "integer" | "boolean";
  readonly required?: boolean;
  readonly values?: readonly string[];
}

const NO_RULES: readonly ParameterRule[] = [];

export function rulesOf(operationId: string): readonly ParameterRule[] {
  return parameterRules[operationId] ?? NO_RULES;
}

/**
 * Decodes path parameters: `%2F` is a slash inside a parameter. The specification names no error for a
 * bad escape; `M_INVALID_PARAM` is the one for a parameter with a wrong value.
 */
export function decodeParameters(
  names: readonly string[],
  values: readonly string[],
): Record<string, string> {
  const out: Record<string, string> = {};
  for (let i = 0; i < names.length; i++) {
    const name = names[i] ?? "";
    out[name] = decode(name, values[i] ?? "");
  }
  return out;
}

function decode(name: string, raw: string): string {
  let text = raw;
  if (raw.includes("%")) {
    try {
      text = decodeURIComponent(raw);
    } catch {
      throw invalidParam(`${name} in the path has a bad percent escape`);
    }
  }
  if (text.includes("\0")) throw invalidParam(`${name} in the path contains a NUL`);
  if (text.length > PARAMETER_BYTES_MAX || Buffer.byteLength(text) > PARAMETER_BYTES_MAX) {
    throw invalidParam(`${name} in the path has more than ${PARAMETER_BYTES_MAX} bytes`);
  }
  return text;
}

/** Checks path and query; throws 400 M_MISSING_PARAM or M_INVALID_PARAM. */
export function checkParameters(
  rules: readonly ParameterRule[],
  params: Readonly<Record<string, string>>,
  query: () => URLSearchParams,
): void {
  for (const rule of rules) {
    const value = rule.in === "path" ? params[rule.name] : query().get(rule.name);
    if (value === null || value === undefined) {
      if (rule.required) throw missingParam(`the query must have ${rule.name}`);
    } else {
      checkValue(rule, value);
    }
  }
}

function checkValue(rule: ParameterRule, value: string): void {
  if (rule.kind === "integer" && !isInteger(value)) {
    throw invalidParam(`${rule.name} must be an integer`);
  }
  if (rule.kind === "boolean" && value !== "true" && value !== "false") {
    throw invalidParam(`${rule.name} must be true or false`);
  }
  if (rule.values && !rule.values.includes(value)) {
    throw invalidParam(`${rule.name} must be one of: ${rule.values.join(", ")}`);
  }
}

function isInteger(text: string): boolean {
  return /^-?\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text));
}

/**
 * An integer of the query within bounds: what lies outside is moved to the nearest bound, as the
 * specification lets a server do with limits and timeouts.
 */
export function integerOf(
  query: URLSearchParams,
  name: string,
  range: { readonly default: number; readonly min: number; readonly max: number },
): number {
  const text = query.get(name);
  if (text === null) return range.default;
  if (!isInteger(text)) throw invalidParam(`${name} must be an integer`);
  return Math.min(range.max, Math.max(range.min, Number(text)));
}

export function booleanOf(query: URLSearchParams, name: string, otherwise: boolean): boolean {
  const text = query.get(name);
  if (text === null) return otherwise;
  if (text !== "true" && text !== "false") throw invalidParam(`${name} must be true or false`);
  return text === "true";
}
