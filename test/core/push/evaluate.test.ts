import { expect, test } from "vitest";
import type { UserId } from "../../../core/ids.ts";
import type { JsonObject } from "../../../core/json.ts";
import type { PushContext, PushEvent } from "../../../core/push/conditions.ts";
import { propertyPath } from "../../../core/push/conditions.ts";
import { defaultRules } from "../../../core/push/default-rules.ts";
import { compileRules, evaluatePush } from "../../../core/push/evaluate.ts";
import type { PushRule, RuleKind } from "../../../core/push/rule.ts";

const ME = "@me:hearth.test" as UserId;
const SILENT = { notify: false, highlight: false };
const PLAIN = { notify: true, highlight: false };
const LOUD = { notify: true, highlight: true, tweaks: { highlight: true } };
const DING = { notify: true, highlight: false, tweaks: { sound: "default" } };

function rules(own: Partial<Record<RuleKind, readonly Partial<PushRule>[]>> = {}) {
  const of = (kind: RuleKind): PushRule[] => {
    const { above, below } = defaultRules(ME, kind);
    const mine = (own[kind] ?? []).map((rule) => ({
      rule_id: "own",
      default: false,
      enabled: true,
      actions: ["notify"],
      ...rule,
    }));
    return [...above, ...mine, ...below];
  };
  return compileRules({
    override: of("override"),
    content: of("content"),
    room: of("room"),
    sender: of("sender"),
    underride: of("underride"),
  });
}

const context = (over: Partial<PushContext> = {}): PushContext => ({
  user: ME,
  memberCount: () => 5,
  displayName: () => "Max M.",
  senderMayNotify: () => false,
  ...over,
});

function message(content: JsonObject = {}, over: Partial<PushEvent> = {}): PushEvent {
  return {
    type: "m.room.message",
    sender: "@bob:hearth.test",
    room_id: "!room",
    content: { msgtype: "m.text", body: "hello", ...content },
    ...over,
  };
}

const evaluate = (event: PushEvent, own = {}, over = {}): unknown =>
  evaluatePush(rules(own), event, context(over));

test("messages notify, with a sound in a room of two, and own ones never", () => {
  expect(evaluate(message())).toEqual(PLAIN);
  expect(evaluate(message(), {}, { memberCount: () => 2 })).toEqual(DING);
  expect(evaluate(message({}, { type: "m.room.encrypted" }))).toEqual(PLAIN);
  expect(evaluate(message({}, { sender: ME }))).toEqual(SILENT);
  expect(evaluate(message({}, { type: "org.example.other" }))).toEqual(SILENT);
});

test("notices, reactions, edits and members' comings and goings are silent", () => {
  expect(evaluate(message({ msgtype: "m.notice" }))).toEqual(SILENT);
  expect(evaluate(message({}, { type: "m.reaction" }))).toEqual(SILENT);
  expect(evaluate(message({ "m.relates_to": { rel_type: "m.replace" } }))).toEqual(SILENT);
  const member = { type: "m.room.member", state_key: "@x:hearth.test" };
  expect(evaluate(message({ membership: "join" }, member))).toEqual(SILENT);
});

test("an invite for me, a mention and a permitted @room notify", () => {
  const invite = { type: "m.room.member", state_key: ME };
  expect(evaluate(message({ membership: "invite" }, invite))).toEqual(DING);
  const mention = message({ "m.mentions": { user_ids: ["@a:b", ME] } });
  expect(evaluate(mention)).toEqual({
    ...LOUD,
    tweaks: { highlight: true, sound: "default" },
  });
  const everyone = message({ "m.mentions": { room: true } });
  expect(evaluate(everyone)).toEqual(PLAIN);
  expect(evaluate(everyone, {}, { senderMayNotify: (kind: string) => kind === "room" })).toEqual(
    LOUD,
  );
});

test("tweaks are passed on as rules set them", () => {
  const actions = [
    "notify",
    { set_tweak: "sound", value: "gong" },
    { set_tweak: "org.example.light", value: { colour: "red" } },
    { set_tweak: "highlight", value: false },
  ];
  expect(evaluate(message(), { override: [{ actions }] })).toEqual({
    ...PLAIN,
    tweaks: { sound: "gong", "org.example.light": { colour: "red" }, highlight: false },
  });
});

test("a tombstone is a state event with an empty state key", () => {
  const tombstone = { type: "m.room.tombstone", state_key: "" };
  expect(evaluate(message({}, tombstone))).toEqual(LOUD);
  expect(evaluate(message({}, { type: "m.room.tombstone" }))).toEqual(SILENT);
});

test("own rules of each kind are checked in the order of the kinds", () => {
  const quiet = { actions: [] };
  expect(evaluate(message(), { room: [{ ...quiet, rule_id: "!room" }] })).toEqual(SILENT);
  expect(evaluate(message(), { room: [{ ...quiet, rule_id: "!other" }] })).toEqual(PLAIN);
  const sender = [{ ...quiet, rule_id: "@bob:hearth.test" }];
  expect(evaluate(message(), { sender })).toEqual(SILENT);
  const content = [
    { pattern: "HELL*", actions: ["notify", { set_tweak: "highlight" }] },
    { pattern: "hello", actions: [] },
  ];
  expect(evaluate(message(), { content, sender })).toEqual(LOUD);
  expect(evaluate(message(), { content, override: [quiet] })).toEqual(SILENT);
  const off = [{ ...quiet, enabled: false }];
  expect(evaluate(message(), { override: off })).toEqual(PLAIN);
});

test.each<[string, JsonObject, boolean]>([
  ["a string", { kind: "event_property_is", key: "content.n", value: "1" }, false],
  ["the integer", { kind: "event_property_is", key: "content.n", value: 1 }, true],
  ["null", { kind: "event_property_is", key: "content.nothing", value: null }, true],
  ["an absent value", { kind: "event_property_is", key: "content.absent", value: null }, false],
  ["an element", { kind: "event_property_contains", key: "content.list", value: 2 }, true],
  [
    "a list that is text",
    { kind: "event_property_contains", key: "content.body", value: "h" },
    false,
  ],
  ["an escaped dot", { kind: "event_property_is", key: "content.a\\.b", value: true }, true],
  ["a nested name", { kind: "event_property_is", key: "content.a.b", value: true }, false],
  ["a pattern on a number", { kind: "event_match", key: "content.n", pattern: "*" }, false],
  ["a whole value", { kind: "event_match", key: "content.topic", pattern: "lunc?*" }, true],
  ["a part of a value", { kind: "event_match", key: "content.topic", pattern: "plans" }, false],
  ["a word of the body", { kind: "event_match", key: "content.body", pattern: "max" }, true],
  ["more than five members", { kind: "room_member_count", is: ">5" }, false],
  ["at least five members", { kind: "room_member_count", is: ">=5" }, true],
  ["five members", { kind: "room_member_count", is: "5" }, true],
  ["nonsense members", { kind: "room_member_count", is: "~5" }, false],
  ["the display name", { kind: "contains_display_name" }, true],
  ["an unknown kind", { kind: "org.example.unknown" }, false],
  [
    "an inherited member",
    { kind: "event_match", key: "content.constructor.name", pattern: "*" },
    false,
  ],
])("a condition on %s", (_, condition, holds) => {
  const event = message({
    n: 1,
    nothing: null,
    list: [1, 2],
    "a.b": true,
    topic: "Lunch plans",
    body: "Ask Max M. now",
  });
  const own = {
    override: [
      { conditions: [condition], actions: ["notify", { set_tweak: "sound", value: "x" }] },
    ],
  };
  expect(evaluate(event, own)).toEqual(holds ? { ...PLAIN, tweaks: { sound: "x" } } : PLAIN);
});

test("dotted paths keep what is escaped", () => {
  expect(propertyPath("content.m\\.relates_to.x")).toEqual(["content", "m.relates_to", "x"]);
  expect(propertyPath("a\\\\b.c\\d")).toEqual(["a\\b", "c\\d"]);
});
