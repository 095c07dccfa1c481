import { describe, expect, test } from "vitest";
import type { EventCore } from "../../../core/event/pdu.ts";
import { redact, redactContent } from "../../../core/event/redact.ts";
import type { UserId } from "../../../core/ids.ts";
import type { JsonObject } from "../../../core/json.ts";
import { ROOM_VERSIONS, roomVersion } from "../../../core/room-version/table.ts";

const ALL = [...ROOM_VERSIONS.keys()];
const from = (first: number): string[] => ALL.slice(first - 1);
const until = (last: number): string[] => ALL.slice(0, last);

/** Every member that some rule names, and one that none does. */
const contentOf = (...names: string[]): JsonObject =>
  Object.fromEntries([...names, "other"].map((name) => [name, 1]));

interface Case {
  readonly type: string;
  readonly content: JsonObject;
  readonly kept: readonly string[];
  readonly versions: readonly string[];
}

const POWER = [
  "ban",
  "events",
  "events_default",
  "kick",
  "redact",
  "state_default",
  "users",
  "users_default",
];
const power = contentOf(...POWER, "invite", "notifications");
const member = contentOf("membership", "join_authorised_via_users_server", "displayname");
const joinRules = contentOf("join_rule", "allow");

const CASES: readonly Case[] = [
  { type: "m.room.message", content: contentOf("body"), kept: [], versions: ALL },
  { type: "m.room.member", content: member, kept: ["membership"], versions: until(8) },
  {
    type: "m.room.member",
    content: member,
    kept: ["membership", "join_authorised_via_users_server"],
    versions: from(9),
  },
  { type: "m.room.create", content: contentOf("creator"), kept: ["creator"], versions: until(10) },
  {
    type: "m.room.create",
    content: contentOf("creator"),
    kept: ["creator", "other"],
    versions: from(11),
  },
  { type: "m.room.join_rules", content: joinRules, kept: ["join_rule"], versions: until(7) },
  {
    type: "m.room.join_rules",
    content: joinRules,
    kept: ["join_rule", "allow"],
    versions: from(8),
  },
  { type: "m.room.power_levels", content: power, kept: POWER, versions: until(10) },
  { type: "m.room.power_levels", content: power, kept: [...POWER, "invite"], versions: from(11) },
  { type: "m.room.aliases", content: contentOf("aliases"), kept: ["aliases"], versions: until(5) },
  { type: "m.room.aliases", content: contentOf("aliases"), kept: [], versions: from(6) },
  {
    type: "m.room.history_visibility",
    content: contentOf("history_visibility"),
    kept: ["history_visibility"],
    versions: ALL,
  },
  { type: "m.room.redaction", content: contentOf("redacts"), kept: [], versions: until(10) },
  {
    type: "m.room.redaction",
    content: contentOf("redacts"),
    kept: ["redacts"],
    versions: from(11),
  },
];

describe.each(CASES)(
  "redacted content of $type keeps $kept",
  ({ type, content, kept, versions }) => {
    test.each(versions)("in room version %s", (version) => {
      const left = Object.keys(redactContent(roomVersion(version), type, content));
      expect(left.sort()).toEqual([...kept].sort());
    });
  },
);

const event = {
  type: "m.room.message",
  sender: "@a:b" as UserId,
  content: { body: "x" },
  room_id: "!r:b",
  event_id: "$e:b",
  state_key: "",
  hashes: {},
  signatures: {},
  depth: 1,
  prev_events: [],
  auth_events: [],
  origin_server_ts: 1,
  prev_state: [],
  origin: "b",
  membership: "join",
  redacts: "$x",
  unsigned: {},
  other: 1,
};

describe("redacted events keep", () => {
  const KEPT =
    "type sender content room_id event_id state_key hashes signatures depth prev_events auth_events origin_server_ts".split(
      " ",
    );

  test.each(until(10))("prev_state, origin and membership in room version %s", (version) => {
    const left = Object.keys(redact<EventCore>(roomVersion(version), event));
    expect(left.sort()).toEqual([...KEPT, "prev_state", "origin", "membership"].sort());
  });

  test.each(from(11))("nothing but what the rules need in room version %s", (version) => {
    expect(Object.keys(redact<EventCore>(roomVersion(version), event)).sort()).toEqual(KEPT.sort());
  });
});

describe("the signed part of a third-party invite", () => {
  const content = {
    membership: "invite",
    third_party_invite: { display_name: "x", signed: { token: "t" } },
  };

  test.each(from(11))("stays in room version %s", (version) => {
    expect(redactContent(roomVersion(version), "m.room.member", content)).toEqual({
      membership: "invite",
      third_party_invite: { signed: { token: "t" } },
    });
  });

  test.each(until(10))("goes in room version %s", (version) => {
    expect(redactContent(roomVersion(version), "m.room.member", content)).toEqual({
      membership: "invite",
    });
  });

  test("is not looked for in something that is no object", () => {
    const odd = { membership: "invite", third_party_invite: "signed" };
    expect(redactContent(roomVersion("12"), "m.room.member", odd)).toEqual({
      membership: "invite",
    });
  });
});

test("redacting does not change the event", () => {
  const before = structuredClone(event);
  redact<EventCore>(roomVersion("12"), event);
  expect(event).toEqual(before);
});
