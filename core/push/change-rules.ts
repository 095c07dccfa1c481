import { invalidParam, MatrixError, missingParam, notFound } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { isObject } from "../json.ts";
import type { UserId } from "../ids.ts";
import type { Services } from "../services.ts";
import type { Draft } from "../transaction/draft.ts";
import { unlessBehind } from "../user-data/missing.ts";
import { userDoc } from "../user-data/section.ts";
import type { PushAction, PushRule, RuleKind, StoredRule } from "./rule.ts";
import type { StoredRules } from "./rules.ts";
import { ownRules, PUSH_RULES, readPushRules, readStoredRules, ruleField } from "./rules.ts";

/** Own rules of one kind; people mute some tens of rooms. */
const RULES_PER_KIND_MAX = 1000;
/** Characters of a rule's ID; room and user IDs are the longest in use. */
const RULE_ID_CHARACTERS_MAX = 255;
/** Bytes of one rule's JSON. */
const RULE_BYTES_MAX = 16_384;
/** Actions of older clients, which mean nothing and are left out. */
const HISTORICAL_ACTIONS: ReadonlySet<unknown> = new Set(["dont_notify", "coalesce"]);

export interface RuleName {
  readonly user: UserId;
  readonly kind: RuleKind;
  readonly id: string;
}

type Deps = Pick<Services, "reader" | "runner" | "isCaughtUp" | "timers">;

/** Command: writes stored rules of one kind; undefined removes one. */
export function writeRules(
  draft: Draft,
  input: {
    readonly user: UserId;
    readonly kind: RuleKind;
    readonly rules: readonly (readonly [id: string, rule: StoredRule | undefined])[];
  },
): void {
  for (const [id, rule] of input.rules) {
    const value = rule === undefined ? undefined : ({ ...rule } as JsonObject);
    draft.setField(userDoc(input.user), PUSH_RULES, ruleField(input.kind, id), value);
  }
}

/** Throws 404 when there is no such rule; 503 while this box may not yet have it. */
export function requireRule(
  deps: Pick<Services, "reader" | "isCaughtUp" | "timers">,
  name: RuleName,
): Promise<PushRule> {
  return unlessBehind(deps, async () => {
    using snapshot = deps.reader.snapshot();
    const rules = await readPushRules(snapshot, name.user);
    const rule = rules[name.kind].find(({ rule_id: id }) => id === name.id);
    if (rule === undefined) throw notFound("The push rule was not found.");
    return rule;
  });
}

export interface NewRule extends RuleName {
  readonly actions: readonly PushAction[];
  readonly conditions?: readonly JsonObject[] | undefined;
  readonly pattern?: string | undefined;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

/**
 * Adds a rule of the user's or changes it.
 * https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3pushrulesglobalkindruleid
 */
export async function putRule(deps: Deps, input: NewRule): Promise<void> {
  checkNewRule(input);
  const stored = await readStored(deps, input.user);
  const others = ownRules(stored, input.kind).filter(([id]) => id !== input.id);
  if (others.length >= RULES_PER_KIND_MAX) throw invalidParam("there are too many push rules");
  const before = stored.get(input.kind)?.get(input.id);
  const rule: StoredRule = {
    enabled: before?.enabled ?? true,
    actions: checkedActions(input.actions),
    ...(input.kind === "content" ? { pattern: input.pattern ?? "" } : {}),
    ...(hasConditions(input.kind) ? { conditions: input.conditions ?? [] } : {}),
  };
  if (Buffer.byteLength(JSON.stringify(rule)) > RULE_BYTES_MAX) {
    throw invalidParam("the push rule is too large");
  }
  const { user, kind } = input;
  await deps.runner.run(writeRules, { user, kind, rules: place(input, rule, before, others) });
}

function hasConditions(kind: RuleKind): boolean {
  return kind === "override" || kind === "underride";
}

function checkNewRule(input: NewRule): void {
  const { id, kind } = input;
  if (id.startsWith(".")) throw invalidParam("rule IDs with a leading dot are the server's own");
  if (/[/\\]/.test(id)) throw invalidParam("a rule ID must not have a slash or backslash");
  if (id === "" || id.length > RULE_ID_CHARACTERS_MAX)
    throw invalidParam("the rule ID is too long");
  if (kind === "content" && input.pattern === undefined) throw missingParam("pattern is missing");
}

function checkedActions(actions: readonly PushAction[]): PushAction[] {
  const kept = actions.filter((action) => !HISTORICAL_ACTIONS.has(action));
  for (const action of kept) {
    const isTweak = isObject(action) && typeof action["set_tweak"] === "string";
    if (action !== "notify" && !isTweak) throw invalidParam("actions: there is an unknown action");
  }
  return kept;
}

async function readStored(deps: Pick<Services, "reader">, user: UserId): Promise<StoredRules> {
  using snapshot = deps.reader.snapshot();
  return readStoredRules(snapshot, user);
}

/** The writes that put a rule where the request wants it: one, unless the places have run out. */
function place(
  input: NewRule,
  rule: StoredRule,
  before: StoredRule | undefined,
  others: readonly [id: string, rule: StoredRule][],
): [id: string, rule: StoredRule][] {
  const isMoved = input.before !== undefined || input.after !== undefined;
  if (!isMoved && before?.order !== undefined) {
    return [[input.id, { ...rule, order: before.order }]];
  }
  const at = indexFor(input, others);
  const above = others[at - 1]?.[1].order;
  const below = others[at]?.[1].order;
  const order = orderBetween(above, below);
  if (order !== undefined) return [[input.id, { ...rule, order }]];
  const all = others.toSpliced(at, 0, [input.id, rule]);
  return all.map(([id, each], index) => [id, { ...each, order: index }]);
}

/** A number between two places, if one is left. */
function orderBetween(above: number | undefined, below: number | undefined): number | undefined {
  if (above === undefined) return below === undefined ? 0 : below - 1;
  if (below === undefined) return above + 1;
  const middle = (above + below) / 2;
  return above < middle && middle < below ? middle : undefined;
}

/**
 * Where the rule goes among the others. `before=X` makes it the next more important than X and wins
 * over `after`; without both it is the most important.
 */
function indexFor(input: NewRule, others: readonly [id: string, rule: StoredRule][]): number {
  const find = (wanted: string): number => {
    const at = others.findIndex(([id]) => id === wanted);
    if (at >= 0) return at;
    throw new MatrixError(400, "M_UNKNOWN", `before/after rule not found: ${wanted}`);
  };
  if (input.before !== undefined) return find(input.before);
  return input.after === undefined ? 0 : find(input.after) + 1;
}

/** Removes a rule of the user's. Throws 404 for none, 400 for one of the server's. */
export async function deleteRule(deps: Deps, name: RuleName): Promise<void> {
  const rule = await requireRule(deps, name);
  if (rule.default) throw invalidParam("a server-default rule can be disabled but not removed");
  const { user, kind, id } = name;
  await deps.runner.run(writeRules, { user, kind, rules: [[id, undefined]] });
}

/** Turns a rule on or off, or replaces its actions. Throws 404 for no such rule. */
export async function changeRule(
  deps: Deps,
  name: RuleName,
  change: { readonly enabled: boolean } | { readonly actions: readonly PushAction[] },
): Promise<void> {
  await requireRule(deps, name);
  const checked = "actions" in change ? { actions: checkedActions(change.actions) } : change;
  const { user, kind, id } = name;
  const before = (await readStored(deps, user)).get(kind)?.get(id);
  await deps.runner.run(writeRules, { user, kind, rules: [[id, { ...before, ...checked }]] });
}
