import { expect, test } from "vitest";
import type { RoomId } from "../../../core/ids.ts";
import type { Services } from "../../../core/services.ts";
import { bodies, SyncClient } from "../../support/sync-client.ts";
import { withTwoBoxes } from "../../support/two-boxes.ts";
import type { Split } from "../../support/two-boxes.ts";

const [alice, bob, reader] = ["alice", "bob", "reader"].map((name) => new SyncClient(name)) as [
  SyncClient,
  SyncClient,
  SyncClient,
];

const closeRoom = (box: Services, room: RoomId) =>
  alice.setState(box, room, "m.room.join_rules", "", { join_rule: "invite" });

/** The reader joins on the right and is told so, while the left, cut off, closes the room. Then they meet. */
async function joinInVain({ left, right, cut, heal }: Split, room: RoomId): Promise<void> {
  await heal();
  reader.since = undefined;
  await reader.sync(right);
  cut();
  await closeRoom(left, room);
  await reader.member(right, room, "join");
  expect(Object.keys((await reader.sync(right)).join)).toEqual([room]);
  await heal();
}

const after = { stateAfter: "state_after" } as const;

test("a client whose join came to nothing is told that it is out, as it was before", () =>
  withTwoBoxes(async (split) => {
    const { left, right } = split;
    const room = await alice.createRoom(left);
    await reader.member(left, room, "join");
    await reader.member(left, room, "leave");
    await joinInVain(split, room);
    const { leave, join } = await reader.sync(right, after);
    expect([Object.keys(leave), join]).toEqual([[room], {}]);
    const [own] = leave[room]?.state_after?.events ?? [];
    expect(own).toMatchObject({ state_key: reader.user, content: { membership: "leave" } });
    expect((await reader.sync(right)).leave).toEqual({});
    expect((await reader.sync(left)).leave).toEqual({});
    await alice.send(left, room, "among ourselves");
    expect((await reader.sync(left)).leave).toEqual({});
  }));

test.each(["right", "left"] as const)(
  "a client whose first join came to nothing is told that it is out, on the %s, where the join was or was not known first",
  (side) =>
    withTwoBoxes(async (split) => {
      const { left, right } = split;
      const room = await alice.createRoom(left);
      await joinInVain(split, room);
      const { leave, join } = await reader.sync(split[side]);
      expect([Object.keys(leave), join]).toEqual([[room], {}]);
      expect((await reader.sync(left)).leave).toEqual({});
      expect((await reader.sync(right)).leave).toEqual({});
      reader.since = undefined;
      expect((await reader.sync(right)).raw["rooms"]).toBeUndefined();
    }),
);

test("a client that was invited is told so again when its join came to nothing", () =>
  withTwoBoxes(async ({ left, right, cut, heal }) => {
    const room = await alice.createRoom(left);
    await alice.member(left, room, "invite", reader.user);
    await heal();
    reader.since = undefined;
    expect(Object.keys((await reader.sync(right)).invite)).toEqual([room]);
    cut();
    await alice.setState(left, room, "m.room.join_rules", "", { join_rule: "private" });
    await reader.member(right, room, "join");
    expect(Object.keys((await reader.sync(right)).join)).toEqual([room]);
    await heal();
    const { invite, join } = await reader.sync(right);
    expect([Object.keys(invite), join]).toEqual([[room], {}]);
    expect((await reader.sync(right)).invite).toEqual({});
  }));

test("a client is told that it is out by an event which nobody is shown", () =>
  withTwoBoxes(async ({ left, right, cut, heal }) => {
    const room = await alice.createRoom(left);
    await reader.member(left, room, "join");
    await heal();
    cut();
    // The same request on both sides: one of the two events is not shown when they meet.
    await new SyncClient("alice").send(left, room, "said once");
    await alice.member(left, room, "leave", reader.user);
    await reader.member(left, room, "join");
    await closeRoom(left, room);
    reader.since = undefined;
    expect(Object.keys((await reader.sync(left)).join)).toEqual([room]);
    await new SyncClient("alice").send(right, room, "said once");
    await heal();
    expect(Object.keys((await reader.sync(left)).leave)).toEqual([room]);
    expect((await reader.sync(left)).leave).toEqual({});
    expect((await reader.sync(right)).leave).toEqual({});
  }));

test("people whose keys are followed only for a room in which the user is no more need not be followed", () =>
  withTwoBoxes(async ({ left, right, cut, heal }) => {
    const room = await alice.createRoom(left);
    await heal();
    reader.since = undefined;
    await reader.sync(right);
    cut();
    await closeRoom(left, room);
    await reader.member(right, room, "join");
    expect((await reader.sync(right)).changed).toEqual([alice.user]);
    await heal();
    expect((await reader.sync(right)).left).toEqual([alice.user]);
  }));

test("a client whose ban came to nothing gets the room anew, with what it was not told meanwhile", () =>
  withTwoBoxes(async ({ left, right, cut, heal }) => {
    const levels = (bobs: number) => ({ users: { [bob.user]: bobs, [alice.user]: 100 } });
    const room = await alice.createRoom(left, { room_version: "11" });
    await bob.member(left, room, "join");
    await reader.member(left, room, "join");
    await alice.setState(left, room, "m.room.power_levels", "", levels(50));
    await heal();
    reader.since = undefined;
    await reader.sync(right);
    cut();
    await alice.setState(left, room, "m.room.power_levels", "", levels(0));
    await bob.member(right, room, "ban", reader.user);
    expect(Object.keys((await reader.sync(right)).leave)).toEqual([room]);
    await bob.send(right, room, "now that they are gone");
    expect((await reader.sync(right)).join).toEqual({});
    await heal();
    const part = (await reader.sync(right)).join[room];
    expect(bodies(part)).toContain("now that they are gone");
    expect(part?.timeline.limited).toBe(true);
    expect((await reader.sync(right)).join).toEqual({});
  }));
