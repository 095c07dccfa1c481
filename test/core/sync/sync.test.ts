import { describe, expect, test } from "vitest";
import { ROOM_LOG_ROWS_MAX } from "../../../core/sync/constants.ts";
import { withBox } from "../../support/one-box.ts";
import { bodies, SyncClient } from "../../support/sync-client.ts";

describe("a first sync", () => {
  test("has each joined room with its state, newest events and counts", () =>
    withBox(async (box) => {
      const alice = new SyncClient("alice");
      const bob = new SyncClient("bob");
      const room = await alice.createRoom(box, { name: "Kitchen" });
      await bob.member(box, room, "join");
      for (let i = 1; i <= 15; i++) await bob.send(box, room, `m${i}`);
      const synced = await alice.sync(box);
      const part = synced.join[room];
      expect(bodies(part)).toEqual([
        "m6",
        "m7",
        "m8",
        "m9",
        "m10",
        "m11",
        "m12",
        "m13",
        "m14",
        "m15",
      ]);
      expect(part?.timeline.limited).toBe(true);
      const state = new Map(part?.state.events.map((e) => [`${e.type} ${e.state_key}`, e]));
      expect(state.get("m.room.name ")?.content).toEqual({ name: "Kitchen" });
      expect(state.get(`m.room.member ${bob.user}`)?.content["membership"]).toBe("join");
      expect(state.get("m.room.create ")?.sender).toBe(alice.user);
      expect(part?.summary).toMatchObject({ "m.joined_member_count": 2 });
      expect(part?.unread_notifications).toEqual({ notification_count: 15, highlight_count: 0 });
      expect(synced.accountData.map(({ type }) => type)).toContain("m.push_rules");
    }));

  test("leaves out of the state what the timeline tells", () =>
    withBox(async (box) => {
      const alice = new SyncClient("alice");
      const room = await alice.createRoom(box, { name: "Old" });
      await alice.setState(box, room, "m.room.name", "", { name: "New" });
      const filter = JSON.stringify({ room: { timeline: { limit: 1 } } });
      const part = (await alice.sync(box, { filter })).join[room];
      expect(part?.timeline.events.map(({ content }) => content)).toEqual([{ name: "New" }]);
      const names = part?.state.events.filter(({ type }) => type === "m.room.name");
      expect(names?.map(({ content }) => content)).toEqual([{ name: "Old" }]);
      const again = new SyncClient("alice");
      const after = (await again.sync(box, { filter, stateAfter: "state_after" })).join[room];
      expect(after?.state).toBeUndefined();
      const name = after?.state_after?.events.find(({ type }) => type === "m.room.name");
      expect(name?.content).toEqual({ name: "New" });
    }));
});

describe("a sync from a token", () => {
  test("has each new event once and nothing else", () =>
    withBox(async (box) => {
      const alice = new SyncClient("alice");
      const room = await alice.createRoom(box);
      await alice.sync(box);
      expect((await alice.sync(box)).join).toEqual({});
      await alice.send(box, room, "one");
      await alice.send(box, room, "two");
      const part = (await alice.sync(box)).join[room];
      expect(bodies(part)).toEqual(["one", "two"]);
      expect(part?.timeline.limited).toBe(false);
      expect(part?.state.events).toEqual([]);
      expect((await alice.sync(box)).join).toEqual({});
    }));

  test("shows the newest events of many, and pages lead to the rest", () =>
    withBox(async (box) => {
      const alice = new SyncClient("alice");
      const room = await alice.createRoom(box);
      await alice.sync(box);
      for (let i = 1; i <= 25; i++) await alice.send(box, room, `m${i}`);
      const since = alice.since ?? "";
      const part = (await alice.sync(box)).join[room];
      expect(bodies(part)[0]).toBe("m16");
      expect(part?.timeline.limited).toBe(true);
      const found: unknown[] = [];
      let from = part?.timeline.prev_batch;
      while (from !== undefined) {
        const page = await alice.messages(box, room, { from, to: since, limit: 4 });
        found.push(...page.events.map(({ content }) => content["body"]));
        from = page.end;
      }
      expect(found).toEqual(Array.from({ length: 15 }, (_, i) => `m${15 - i}`));
    }));

  test("has the state that changed in the gap before a limited timeline", () =>
    withBox(async (box) => {
      const alice = new SyncClient("alice");
      const room = await alice.createRoom(box);
      await alice.sync(box);
      await alice.setState(box, room, "m.room.topic", "", { topic: "gap" });
      for (let i = 1; i <= 12; i++) await alice.send(box, room, `m${i}`);
      const part = (await alice.sync(box)).join[room];
      expect(part?.state.events.map(({ content }) => content)).toEqual([{ topic: "gap" }]);
    }));

  test("after more than is read costs no more, and loses nothing", () =>
    withBox(async (box) => {
      const alice = new SyncClient("alice");
      const room = await alice.createRoom(box);
      await alice.sync(box);
      const to = alice.since ?? "";
      await alice.setState(box, room, "m.room.topic", "", { topic: "gap" });
      const count = ROOM_LOG_ROWS_MAX + 30;
      for (let i = 1; i <= count; i++) await alice.send(box, room, `m${i}`);
      const part = (await alice.sync(box)).join[room];
      expect([bodies(part).at(-1), part?.timeline.limited]).toEqual([`m${count}`, true]);
      expect(part?.state.events.map(({ content }) => content)).toContainEqual({ topic: "gap" });
      const found: unknown[] = bodies(part).toReversed();
      let from = part?.timeline.prev_batch;
      while (from !== undefined) {
        const page = await alice.messages(box, room, { from, to, limit: 200 });
        found.push(...page.events.flatMap(({ content }) => content["body"] ?? []));
        from = page.end;
      }
      expect(found).toEqual(Array.from({ length: count }, (_, i) => `m${count - i}`));
    }));

  test("waits for news and is woken by it", () =>
    withBox(async (box) => {
      const alice = new SyncClient("alice");
      const room = await alice.createRoom(box);
      await alice.sync(box);
      const waiting = alice.sync(box, { timeoutMs: 10_000 });
      await alice.send(box, room, "wake up");
      expect(bodies((await waiting).join[room])).toEqual(["wake up"]);
    }));

  test("ends its wait when the client goes away", () =>
    withBox(async (box) => {
      const alice = new SyncClient("alice");
      await alice.sync(box);
      const gone = new AbortController();
      const waiting = alice.sync(box, { timeoutMs: 60_000, signal: gone.signal });
      gone.abort();
      expect((await waiting).join).toEqual({});
    }));
});

describe("memberships", () => {
  test("an invitation comes with stripped state, the join with everything", () =>
    withBox(async (box) => {
      const alice = new SyncClient("alice");
      const bob = new SyncClient("bob");
      const room = await alice.createRoom(box, { name: "Kitchen", preset: "private_chat" });
      await bob.sync(box);
      await alice.member(box, room, "invite", bob.user);
      const invited = (await bob.sync(box)).invite[room]?.invite_state.events ?? [];
      expect(invited.map(({ type }) => type)).toContain("m.room.create");
      expect(invited.at(-1)).toMatchObject({
        state_key: bob.user,
        content: { membership: "invite" },
      });
      expect(invited.at(-1)).not.toHaveProperty("event_id");
      await bob.member(box, room, "join");
      const part = (await bob.sync(box)).join[room];
      const told = [...(part?.state.events ?? []), ...(part?.timeline.events ?? [])];
      expect(told.map(({ type }) => type)).toContain("m.room.name");
    }));

  test("leaving ends the room's events, those before included", () =>
    withBox(async (box) => {
      const alice = new SyncClient("alice");
      const bob = new SyncClient("bob");
      const room = await alice.createRoom(box);
      await bob.member(box, room, "join");
      await bob.sync(box);
      await alice.send(box, room, "before");
      await alice.member(box, room, "leave", bob.user);
      await alice.send(box, room, "after");
      const synced = await bob.sync(box);
      expect(bodies(synced.leave[room])).toEqual(["before"]);
      expect(synced.leave[room]?.timeline.events.at(-1)?.state_key).toBe(bob.user);
      expect(synced.left).toEqual([alice.user]);
      expect((await bob.sync(box)).leave).toEqual({});
    }));

  test("a member who comes or goes is told, with the counts", () =>
    withBox(async (box) => {
      const alice = new SyncClient("alice");
      const bob = new SyncClient("bob");
      const room = await alice.createRoom(box);
      await alice.sync(box);
      await bob.member(box, room, "join");
      const synced = await alice.sync(box);
      expect(synced.join[room]?.summary).toEqual({
        "m.heroes": [bob.user],
        "m.joined_member_count": 2,
        "m.invited_member_count": 0,
      });
      expect(synced.changed).toEqual([bob.user]);
      await bob.member(box, room, "leave");
      expect((await alice.sync(box)).left).toEqual([bob.user]);
    }));

  test("a filter for other rooms keeps no news of keys away", () =>
    withBox(async (box) => {
      const alice = new SyncClient("alice");
      const bob = new SyncClient("bob");
      const carol = new SyncClient("carol");
      const hidden = await alice.createRoom(box);
      const shown = await alice.createRoom(box);
      const filter = JSON.stringify({ room: { not_rooms: [hidden] } });
      for (const room of [hidden, shown]) await bob.member(box, room, "join");
      await alice.sync(box, { filter });
      await bob.member(box, shown, "leave");
      await carol.member(box, hidden, "join");
      const come = await alice.sync(box, { filter });
      expect(Object.keys(come.join)).toEqual([shown]);
      expect([come.changed, come.left]).toEqual([[bob.user, carol.user], []]);
      await box.runner.run((draft) => {
        draft.setField(`user:${bob.user}`, "device_keys", "B", { keys: {} });
      }, undefined);
      expect((await alice.sync(box, { filter })).changed).toEqual([bob.user]);
      await alice.member(box, hidden, "leave");
      expect((await alice.sync(box, { filter })).left).toEqual([bob.user, carol.user]);
    }));

  test("invitations by ignored users stay away, and so do their messages", () =>
    withBox(async (box) => {
      const alice = new SyncClient("alice");
      const bob = new SyncClient("bob");
      const room = await alice.createRoom(box);
      await bob.member(box, room, "join");
      await bob.sync(box);
      await box.runner.run((draft) => {
        const content = { ignored_users: { [alice.user]: {} } };
        draft.setField(`user:${bob.user}`, "account_data", "m.ignored_user_list", content);
      }, undefined);
      const other = await alice.createRoom(box);
      await alice.member(box, other, "invite", bob.user);
      await alice.send(box, room, "unheard");
      await alice.setState(box, room, "m.room.name", "", { name: "heard" });
      const synced = await bob.sync(box);
      expect(synced.invite).toEqual({});
      expect(synced.join[room]?.timeline.events.map(({ type }) => type)).toEqual(["m.room.name"]);
    }));
});

describe("lazy loading", () => {
  test("sends the members who speak, and each only once", () =>
    withBox(async (box) => {
      const alice = new SyncClient("alice");
      const people = ["bob", "carol", "dave"].map((name) => new SyncClient(name));
      const room = await alice.createRoom(box, { name: "Hall" });
      for (const one of people) await one.member(box, room, "join");
      for (let i = 0; i < 12; i++) await alice.send(box, room, `m${i}`);
      const filter = JSON.stringify({ room: { state: { lazy_load_members: true } } });
      const members = (events: readonly { type: string; state_key?: string }[] | undefined) =>
        (events ?? []).filter(({ type }) => type === "m.room.member").map((e) => e.state_key);
      const first = (await alice.sync(box, { filter })).join[room];
      expect(members(first?.state.events)).toEqual([alice.user]);
      const [bob] = people;
      await bob?.send(box, room, "hi");
      const since = alice.since ?? "";
      const second = (await alice.sync(box, { filter })).join[room];
      expect(members(second?.state.events)).toEqual([bob?.user]);
      // Its answer was lost on the way.
      const retried = (await alice.sync(box, { filter, since })).join[room];
      expect(members(retried?.state.events)).toEqual([bob?.user]);
      await bob?.send(box, room, "hi again");
      expect(members((await alice.sync(box, { filter })).join[room]?.state.events)).toEqual([]);
    }));
});
