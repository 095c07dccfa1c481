import { describe, expect, test } from "vitest";
import { parseCreateRoom } from "../../../../core/rooms/commands/create-room-input.ts";
import {
  creationContent,
  guardTombstone,
  initialPowerLevels,
  presetState,
  withCreators,
} from "../../../../core/rooms/commands/initial-content.ts";
import type { ServerName, UserId } from "../../../../core/ids.ts";
import type { JsonObject } from "../../../../core/json.ts";
import { roomVersion } from "../../../../core/room-version/table.ts";

const [alice, bob] = ["@alice:h.test" as UserId, "@bob:h.test" as UserId];
const parse = (body: JsonObject) => parseCreateRoom(body, alice, "h.test" as ServerName);

describe("power levels of a new room", () => {
  test("the override replaces whole members", () => {
    const levels = initialPowerLevels(
      parse({
        room_version: "11",
        power_level_content_override: { invite: 0, users: { [bob]: 5 } },
      }),
    );
    expect(levels).toMatchObject({ invite: 0, ban: 50 });
    expect(levels["users"]).toEqual({ [bob]: 5 });
  });

  test("with infinite creators the tombstone always takes more than state_default", () => {
    const override = { events: { "m.room.name": 0 }, state_default: 200 };
    const levels = initialPowerLevels(parse({ power_level_content_override: override }));
    expect(levels["events"]).toEqual({ "m.room.name": 0, "m.room.tombstone": 201 });
    const asAsked = { events: { "m.room.tombstone": 120 }, state_default: 50 };
    expect(guardTombstone(roomVersion("12"), asAsked)).toBe(asAsked);
    expect(guardTombstone(roomVersion("11"), {})).toEqual({});
  });
});

test("a preset leaves out what initial state sets, but not under another state key", () => {
  const content = { join_rule: "public" };
  const types = (stateKey: string): string[] =>
    presetState(
      parse({ initial_state: [{ type: "m.room.join_rules", state_key: stateKey, content }] }),
    ).map(({ type }) => type);
  expect(types("")).not.toContain("m.room.join_rules");
  expect(types("other")).toContain("m.room.join_rules");
});

test("additional creators are listed once, without the creator, and not in old versions", () => {
  const body = { creation_content: { additional_creators: [bob, alice, bob] } };
  expect(creationContent(parse(body))).toEqual({ additional_creators: [bob] });
  expect(withCreators({ additional_creators: [bob], a: 1 }, alice, [])).toEqual({ a: 1 });
  const old = creationContent(parse({ ...body, room_version: "11" }));
  expect(old).toEqual({ additional_creators: [bob, alice, bob] });
});

test("an invite of oneself is no invite, and of the same user one", () => {
  expect(parse({ invite: [alice, bob, bob] }).invite).toEqual([bob]);
});

test("too many initial events are refused before any is made", () => {
  const initial_state = Array.from({ length: 301 }, (_, i) => ({
    type: "x",
    state_key: String(i),
    content: {},
  }));
  expect(() => parse({ initial_state })).toThrow(expect.objectContaining({ status: 413 }));
});
