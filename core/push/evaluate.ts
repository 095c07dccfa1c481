import { isObject } from "../json.ts";
import type { Json, JsonObject } from "../json.ts";
import type { Condition, PushContext, PushEvent } from "./conditions.ts";
import { compileCondition, eventMatch } from "./conditions.ts";
import type { PushAction, PushRule, RuleKind } from "./rule.ts";
import { RULE_KINDS } from "./rule.ts";

export interface PushOutcome {
  readonly notify: boolean;
  readonly highlight: boolean;
  /** What `set_tweak` sets, as push gateways and apps agreed on it. */
  readonly tweaks?: JsonObject;
}

const SILENT: PushOutcome = { notify: false, highlight: false };

interface CompiledRule {
  readonly conditions: readonly Condition[];
  readonly outcome: PushOutcome;
}

/** Enabled rules in the order in which they are checked. */
export type CompiledRules = readonly CompiledRule[];

/** Makes rules quick to run; keep the result as long as the rules do not change. */
export function compileRules(
  ruleset: Readonly<Record<RuleKind, readonly PushRule[]>>,
): CompiledRules {
  return RULE_KINDS.flatMap((kind) =>
    ruleset[kind]
      .filter((rule) => rule.enabled)
      .map((rule) => ({
        conditions: conditionsOf(kind, rule),
        outcome: outcomeOf(rule.actions),
      })),
  );
}

function conditionsOf(kind: RuleKind, rule: PushRule): readonly Condition[] {
  switch (kind) {
    case "content":
      return [eventMatch("content.body", rule.pattern ?? "")];
    case "room":
      return [(event) => event.room_id === rule.rule_id];
    case "sender":
      return [(event) => event.sender === rule.rule_id];
    default:
      return (rule.conditions ?? []).map(compileCondition);
  }
}

/** https://spec.matrix.org/v1.19/client-server-api/#actions */
function outcomeOf(actions: readonly PushAction[]): PushOutcome {
  if (!actions.includes("notify")) return SILENT;
  const tweaks: Record<string, Json> = {};
  for (const action of actions) {
    if (!isObject(action)) continue;
    const { set_tweak: name, value } = action;
    if (typeof name === "string") tweaks[name] = value ?? true;
  }
  const highlight = tweaks["highlight"] === true;
  return { notify: true, highlight, ...(Object.keys(tweaks).length > 0 ? { tweaks } : {}) };
}

/**
 * What an event means to a user: the actions of the first rule that matches. Own events never notify.
 * https://spec.matrix.org/v1.19/client-server-api/#push-rules
 */
export function evaluatePush(
  rules: CompiledRules,
  event: PushEvent,
  context: PushContext,
): PushOutcome {
  if (event.sender === context.user) return SILENT;
  for (const { conditions, outcome } of rules) {
    if (conditions.every((holds) => holds(event, context))) return outcome;
  }
  return SILENT;
}
