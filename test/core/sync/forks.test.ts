import { describe, expect, test } from "vitest";
import type { RoomId } from "../../../core/ids.ts";
import type { Services } from "../../../core/services.ts";
import { SyncClient } from "../../support/sync-client.ts";
import type { Synced } from "../../support/sync-client.ts";
import { withTwoBoxes } from "../../support/two-boxes.ts";

/** The topic that a response tells of in `state_after`, if any. */
function topicIn(synced: Synced, room: RoomId): unknown {
  const told = synced.join[room]?.state_after?.events ?? [];
  return told.find(({ type }) => type === "m.room.topic")?.content["topic"];
}

const setTopic = (client: SyncClient, box: Services, room: RoomId, topic: string) =>
  client.setState(box, room, "m.room.topic", "", { topic });

describe("after a split", () => {
  test("a client learns that the state it was shown did not hold", () =>
    withTwoBoxes(async ({ left, right, cut, heal }) => {
      const [alice, bob, carol] = ["alice", "bob", "carol"].map((name) => new SyncClient(name));
      if (!alice || !bob || !carol) return;
      const levels = (bobs: number) => ({
        users: { [bob.user]: bobs },
        events: { "m.room.topic": 50 },
      });
      const room = await alice.createRoom(left, { room_version: "12" });
      await bob.member(left, room, "join");
      await carol.member(left, room, "join");
      await alice.setState(left, room, "m.room.power_levels", "", levels(50));
      await setTopic(alice, left, room, "agreed");
      await heal();
      cut();
      await alice.setState(left, room, "m.room.power_levels", "", levels(0));
      await setTopic(bob, right, room, "bob was here");
      const before = await carol.sync(right, { stateAfter: "state_after" });
      expect(topicIn(before, room)).toBe("bob was here");
      await heal();
      const after = await carol.sync(right, { stateAfter: "state_after" });
      expect(topicIn(after, room)).toBe("agreed");
    }));

  test.each([
    ["which nobody is shown", false],
    ["which nobody is shown, when something follows", true],
  ])("a client learns of a state that changed by an event %s", (_what, isFollowed) =>
    withTwoBoxes(async ({ left, right, cut, heal }) => {
      const [alice, bob, carol] = ["alice", "bob", "carol"].map((name) => new SyncClient(name));
      if (!alice || !bob || !carol) return;
      const room = await alice.createRoom(left);
      await bob.member(left, room, "join");
      await carol.member(left, room, "join");
      await heal();
      cut();
      // The same request on both sides: one of the two events is not shown when they meet.
      await alice.send(left, room, "said once");
      await alice.member(left, room, "leave", bob.user);
      await bob.member(left, room, "join");
      await alice.setState(left, room, "m.room.join_rules", "", { join_rule: "invite" });
      await carol.sync(left, { stateAfter: "state_after" });
      await new SyncClient("alice").send(right, room, "said once");
      await heal();
      if (isFollowed) await alice.send(left, room, "and on we go");
      const told = (await carol.sync(left, { stateAfter: "state_after" })).join[room];
      const members = told?.state_after?.events.filter(({ state_key: key }) => key === bob.user);
      expect(members?.map(({ content }) => content["membership"])).toEqual(["leave"]);
    }),
  );

  test("a client that saw both sides ends with the state that was chosen", () =>
    withTwoBoxes(async ({ left, right, cut, heal }) => {
      const alice = new SyncClient("alice");
      const reader = new SyncClient("reader");
      const room = await alice.createRoom(left);
      await reader.member(left, room, "join");
      await heal();
      await reader.sync(left, { stateAfter: "state_after" });
      cut();
      await setTopic(alice, right, room, "early");
      await setTopic(alice, left, room, "late");
      expect(topicIn(await reader.sync(left, { stateAfter: "state_after" }), room)).toBe("late");
      expect(topicIn(await reader.sync(right, { stateAfter: "state_after" }), room)).toBe("early");
      await heal();
      expect(topicIn(await reader.sync(right, { stateAfter: "state_after" }), room)).toBe("late");
      expect((await reader.sync(left, { stateAfter: "state_after" })).join).toEqual({});
    }));

  test("a client that left on one side is told again after the other side spoke of the room", () =>
    withTwoBoxes(async ({ left, right, cut, heal }) => {
      const alice = new SyncClient("alice");
      const reader = new SyncClient("reader");
      const room = await alice.createRoom(left);
      await reader.member(left, room, "join");
      await heal();
      await reader.sync(left);
      cut();
      await reader.member(left, room, "leave");
      await alice.send(right, room, "are you there?");
      expect(Object.keys((await reader.sync(left)).leave)).toEqual([room]);
      expect(Object.keys((await reader.sync(right)).join)).toEqual([room]);
      await heal();
      expect(Object.keys((await reader.sync(right)).leave)).toEqual([room]);
      expect((await reader.sync(right)).leave).toEqual({});
    }));

  test("what happened in a room is told later by a box that did not know the reader was in it", () =>
    withTwoBoxes(async ({ left, right, cut, heal }) => {
      const alice = new SyncClient("alice");
      const reader = new SyncClient("reader");
      const room = await alice.createRoom(left);
      await heal();
      await reader.sync(left);
      cut();
      await reader.member(left, room, "join");
      expect(Object.keys((await reader.sync(left)).join)).toEqual([room]);
      const hidden = await alice.send(right, room, "said on the other side");
      await setTopic(alice, right, room, "set on the other side");
      expect((await reader.sync(right)).join).toEqual({});
      await heal();
      const { timeline, state } = (await reader.sync(right)).join[room] ?? {};
      expect(timeline?.events.map((event) => event.event_id)).toContain(hidden);
      expect(timeline?.limited).toBe(true);
      expect([...(state?.events ?? []), ...(timeline?.events ?? [])].map((e) => e.type)).toContain(
        "m.room.topic",
      );
      expect((await reader.sync(right)).join).toEqual({});
      expect((await reader.sync(left)).join).toEqual({});
    }));

  test("changed device lists are told even where the shared room is not known yet", () =>
    withTwoBoxes(async ({ left, right, cut, heal }) => {
      const alice = new SyncClient("alice");
      const bob = new SyncClient("bob");
      const room = await alice.createRoom(left);
      await heal();
      await alice.sync(left);
      cut();
      await bob.member(left, room, "join");
      await right.runner.run((draft) => {
        draft.setField(`user:${bob.user}`, "device_keys", "B", { keys: {} });
      }, undefined);
      expect((await alice.sync(left)).changed).toEqual([bob.user]);
      const behind = await alice.sync(right);
      expect([behind.changed, behind.left]).toEqual([[bob.user], []]);
      await heal();
      // The keys that she fetched from a box which lacked a part may not be the newest.
      expect((await alice.sync(left)).changed).toEqual([bob.user]);
      expect((await alice.sync(right)).changed).toEqual([]);
    }));
});
