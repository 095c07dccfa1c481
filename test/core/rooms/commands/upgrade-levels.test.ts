import { expect, test } from "vitest";
import {
  closedPowerLevels,
  openingPowerLevels,
  transferredPowerLevels,
} from "../../../../core/rooms/commands/upgrade-levels.ts";
import type { DraftPdu } from "../../../../core/event/pdu.ts";
import type { UserId } from "../../../../core/ids.ts";
import { roomVersion } from "../../../../core/room-version/table.ts";

const [alice, bob, carol] = ["@a:h.test" as UserId, "@b:h.test" as UserId, "@c:h.test" as UserId];
const create = { sender: alice, content: { additional_creators: [bob] } } as unknown as DraftPdu;

test("levels of old versions that are text or fractions become whole numbers", () => {
  const levels = transferredPowerLevels({
    from: roomVersion("5"),
    to: roomVersion("11"),
    create,
    content: { ban: "60", kick: 20.5, users: { [bob]: "50" }, events: { "m.room.name": "5" } },
    creators: [alice],
  });
  expect(levels).toEqual({
    ban: 60,
    kick: 20,
    users: { [bob]: 50 },
    events: { "m.room.name": 5 },
  });
});

test("creators of the old room keep as much power as anything takes", () => {
  const levels = transferredPowerLevels({
    from: roomVersion("12"),
    to: roomVersion("12"),
    create,
    content: { users: { [carol]: 60 }, events: { "m.room.tombstone": 150 } },
    creators: [alice],
  });
  expect(levels["users"]).toEqual({ [bob]: 150, [carol]: 60 });
});

test("the creator opens the new room with enough power to hand out every level", () => {
  const levels = { users: { [alice]: 50, [bob]: 200 }, ban: 60 };
  const opening = openingPowerLevels(roomVersion("11"), levels, alice);
  expect(opening["users"]).toEqual({ [alice]: 200, [bob]: 200 });
  expect(openingPowerLevels(roomVersion("12"), levels, alice)).toBe(levels);
});

test("a replaced room is closed to those with the default power", () => {
  const close = (usersDefault: number) =>
    closedPowerLevels(roomVersion("11"), { users_default: usersDefault, ban: 1 });
  expect(close(0)).toEqual({ users_default: 0, ban: 1, events_default: 50, invite: 50 });
  expect(close(70)).toMatchObject({ events_default: 71, invite: 71 });
});
