import { invalidParam } from "../../core/errors.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import type { RuleName } from "../../core/push/change-rules.ts";
import { changeRule, deleteRule, putRule, requireRule } from "../../core/push/change-rules.ts";
import type { PushAction } from "../../core/push/rule.ts";
import { parseRuleKind } from "../../core/push/rule.ts";
import { pushRulesOf } from "../../core/push/rules.ts";
import type { Requester } from "../../core/services.ts";
import { userEndpoint } from "../endpoint.ts";
import { textOf } from "../parse-ids.ts";

function nameOf(auth: Requester, params: { kind: string; ruleId: string }): RuleName {
  const kind = parseRuleKind(params.kind);
  if (kind === undefined) throw invalidParam(`${params.kind} is not a kind of push rule`);
  return { user: auth.user, kind, id: params.ruleId };
}

/** All rules in all rulesets; there is one ruleset. */
export const getPushRules = userEndpoint({
  operationId: "getPushRules",
  method: "GET",
  path: "/_matrix/client/v3/pushrules/",
  aliases: ["/_matrix/client/v3/pushrules"],
  rateLimit: "default",
  handle: async ({ auth }, services) => ({
    json: { global: await pushRulesOf(services, auth.user) },
  }),
});

/** All rules. */
export const getPushRulesGlobal = userEndpoint({
  operationId: "getPushRulesGlobal",
  method: "GET",
  path: "/_matrix/client/v3/pushrules/global/",
  aliases: ["/_matrix/client/v3/pushrules/global"],
  rateLimit: "default",
  handle: async ({ auth }, services) => ({ json: await pushRulesOf(services, auth.user) }),
});

/** One rule. */
export const getPushRule = userEndpoint({
  operationId: "getPushRule",
  method: "GET",
  path: "/_matrix/client/v3/pushrules/global/{kind}/{ruleId}",
  rateLimit: "default",
  handle: async ({ auth, params }, services) => ({
    json: await requireRule(services, nameOf(auth, params)),
  }),
});

/** Adds or changes a rule of the user's. */
export const setPushRule = userEndpoint({
  operationId: "setPushRule",
  method: "PUT",
  path: "/_matrix/client/v3/pushrules/global/{kind}/{ruleId}",
  rateLimit: "default",
  bodySchema: "setPushRule",
  handle: async ({ auth, params, query, body }, services) => {
    await putRule(services, {
      ...nameOf(auth, params),
      actions: body["actions"] as PushAction[],
      conditions: body["conditions"] as JsonObject[] | undefined,
      pattern: textOf(body["pattern"]),
      before: query.get("before") ?? undefined,
      after: query.get("after") ?? undefined,
    });
    return { json: {} };
  },
});

/** Removes a rule of the user's. */
export const deletePushRule = userEndpoint({
  operationId: "deletePushRule",
  method: "DELETE",
  path: "/_matrix/client/v3/pushrules/global/{kind}/{ruleId}",
  rateLimit: "default",
  handle: async ({ auth, params }, services) => {
    await deleteRule(services, nameOf(auth, params));
    return { json: {} };
  },
});

/** Is a rule on? */
export const isPushRuleEnabled = userEndpoint({
  operationId: "isPushRuleEnabled",
  method: "GET",
  path: "/_matrix/client/v3/pushrules/global/{kind}/{ruleId}/enabled",
  rateLimit: "default",
  handle: async ({ auth, params }, services) => {
    const { enabled } = await requireRule(services, nameOf(auth, params));
    return { json: { enabled } };
  },
});

/** Turns a rule on or off. */
export const setPushRuleEnabled = userEndpoint({
  operationId: "setPushRuleEnabled",
  method: "PUT",
  path: "/_matrix/client/v3/pushrules/global/{kind}/{ruleId}/enabled",
  rateLimit: "default",
  bodySchema: "setPushRuleEnabled",
  handle: async ({ auth, params, body }, services) => {
    await changeRule(services, nameOf(auth, params), { enabled: body["enabled"] === true });
    return { json: {} };
  },
});

/** The actions of a rule. */
export const getPushRuleActions = userEndpoint({
  operationId: "getPushRuleActions",
  method: "GET",
  path: "/_matrix/client/v3/pushrules/global/{kind}/{ruleId}/actions",
  rateLimit: "default",
  handle: async ({ auth, params }, services) => {
    const { actions } = await requireRule(services, nameOf(auth, params));
    return { json: { actions: actions as Json[] } };
  },
});

/** Replaces the actions of a rule. */
export const setPushRuleActions = userEndpoint({
  operationId: "setPushRuleActions",
  method: "PUT",
  path: "/_matrix/client/v3/pushrules/global/{kind}/{ruleId}/actions",
  rateLimit: "default",
  bodySchema: "setPushRuleActions",
  handle: async ({ auth, params, body }, services) => {
    const actions = body["actions"] as PushAction[];
    await changeRule(services, nameOf(auth, params), { actions });
    return { json: {} };
  },
});
