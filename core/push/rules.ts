import type { UserId } from "../ids.ts";
import type { Snapshot } from "../ports.ts";
import type { Services } from "../services.ts";
import { PART_SEPARATOR, readSection, userDoc } from "../user-data/section.ts";
import { defaultRules } from "./default-rules.ts";
import type { PushRule, RuleKind, Ruleset, StoredRule } from "./rule.ts";
import { isStoredRule, parseRuleKind } from "./rule.ts";

/** Section of the user document: `<kind> U+001F <rule ID>` → StoredRule. */
export const PUSH_RULES = "push_rules";

export function ruleField(kind: RuleKind, id: string): string {
  return kind + PART_SEPARATOR + id;
}

export type StoredRules = ReadonlyMap<RuleKind, ReadonlyMap<string, StoredRule>>;

export async function readStoredRules(snapshot: Snapshot, user: UserId): Promise<StoredRules> {
  const stored = new Map<RuleKind, Map<string, StoredRule>>();
  for (const [field, value] of await readSection(snapshot, userDoc(user), PUSH_RULES)) {
    const at = field.indexOf(PART_SEPARATOR);
    const kind = parseRuleKind(field.slice(0, at));
    if (kind === undefined || !isStoredRule(value)) continue;
    const rules = stored.get(kind) ?? new Map<string, StoredRule>();
    stored.set(kind, rules.set(field.slice(at + 1), value));
  }
  return stored;
}

/** The user's own rules of a kind, most important first; equal places are ordered by rule ID. */
export function ownRules(stored: StoredRules, kind: RuleKind): [id: string, rule: StoredRule][] {
  return [...(stored.get(kind) ?? [])]
    .filter(([, rule]) => rule.order !== undefined)
    .toSorted(([a, x], [b, y]) => (x.order ?? 0) - (y.order ?? 0) || (a < b ? -1 : 1));
}

function rulesOfKind(stored: StoredRules, user: UserId, kind: RuleKind): PushRule[] {
  const { above, below } = defaultRules(user, kind);
  const changed = (rule: PushRule): PushRule => {
    const change = stored.get(kind)?.get(rule.rule_id);
    return {
      ...rule,
      ...(change?.enabled === undefined ? {} : { enabled: change.enabled }),
      ...(change?.actions === undefined ? {} : { actions: change.actions }),
    };
  };
  const own = ownRules(stored, kind).map(([id, rule]): PushRule => {
    const { order: _, enabled = true, actions = [], ...rest } = rule;
    return { ...rest, rule_id: id, default: false, enabled, actions };
  });
  return [...above.map(changed), ...own, ...below.map(changed)];
}

/** All rules of a user, as the content of `m.push_rules` has them below `global`. */
export async function readPushRules(snapshot: Snapshot, user: UserId): Promise<Ruleset> {
  const stored = await readStoredRules(snapshot, user);
  const of = (kind: RuleKind): PushRule[] => rulesOfKind(stored, user, kind);
  return {
    override: of("override"),
    content: of("content"),
    room: of("room"),
    sender: of("sender"),
    underride: of("underride"),
  };
}

export async function pushRulesOf(deps: Pick<Services, "reader">, user: UserId): Promise<Ruleset> {
  using snapshot = deps.reader.snapshot();
  return await readPushRules(snapshot, user);
}
