import { isObject } from "../json.ts";
import type { Condition, PushContext, PushEvent } from "./conditions.ts";
import { compileCondition, eventMatch } from "./conditions.ts";
import type { PushAction, PushRule, RuleKind } from "./rule.ts";
import { RULE_KINDS } from "./rule.ts";

export interface PushOutcome {
  readonly notify: boolean;
  readonly highlight: boolean;
  readonly sound?: string;
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
  let highlight = false;
  let sound: string | undefined;
  for (const action of actions) {
    if (!isObject(action)) continue;
    const { set_tweak: tweak, value } = action;
    if (tweak === "highlight") highlight = value === undefined || value === true;
    if (tweak === "sound" && typeof value === "string") sound = value;
  }
  return { notify: true, highlight, ...(sound === undefined ? {} : { sound }) };
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
