import type { Json, JsonObject } from "../json.ts";

/** In the order in which they are checked. */
export const RULE_KINDS = ["override", "content", "room", "sender", "underride"] as const;
export type RuleKind = (typeof RULE_KINDS)[number];

export function parseRuleKind(text: string): RuleKind | undefined {
  return RULE_KINDS.find((kind) => kind === text);
}

export type PushAction = string | JsonObject;

/** A rule as clients see it. https://spec.matrix.org/v1.19/client-server-api/#push-rules */
export interface PushRule extends JsonObject {
  readonly rule_id: string;
  readonly default: boolean;
  readonly enabled: boolean;
  readonly actions: readonly PushAction[];
  /** Of `override` and `underride` rules. */
  readonly conditions?: readonly JsonObject[] | undefined;
  /** Of `content` rules. */
  readonly pattern?: string | undefined;
}

export type Ruleset = Readonly<Record<RuleKind, readonly PushRule[]>> & JsonObject;

/** What is stored of a rule that the user made or changed. */
export interface StoredRule {
  /** The user's own rules: less is more important. Absent for changed server-default rules. */
  readonly order?: number;
  readonly enabled?: boolean;
  readonly actions?: readonly PushAction[];
  readonly conditions?: readonly JsonObject[];
  readonly pattern?: string;
}

/** Is it what an earlier write of ours stored? Documents come from other boxes. */
export function isStoredRule(value: Json): value is JsonObject & StoredRule {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { order, enabled, actions, conditions, pattern } = value as JsonObject;
  return (
    (order === undefined || typeof order === "number") &&
    (enabled === undefined || typeof enabled === "boolean") &&
    (actions === undefined || Array.isArray(actions)) &&
    (conditions === undefined || Array.isArray(conditions)) &&
    (pattern === undefined || typeof pattern === "string")
  );
}
