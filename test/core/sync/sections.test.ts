import { describe, expect, test } from "vitest";
import type { EventId, RoomId } from "../../../core/ids.ts";
import type { Services } from "../../../core/services.ts";
import { setTyping } from "../../../core/ephemeral-facts/typing.ts";
import { announcePresence } from "../../../core/presence/presence.ts";
import { withBox } from "../../support/one-box.ts";
import { SyncClient } from "../../support/sync-client.ts";

async function twoInARoom(box: Services): Promise<[SyncClient, SyncClient, RoomId]> {
  const [alice, bob] = [new SyncClient("alice"), new SyncClient("bob")];
  const room = await alice.createRoom(box);
  await bob.member(box, room, "join");
  return [alice, bob, room];
}

const receipt = (
  box: Services,
  client: SyncClient,
  room: RoomId,
  event: EventId,
  { type = "m.read", thread = "", ts = 1 } = {},
): Promise<void> =>
  box.runner.run((draft) => {
    draft.putFact("receipt", [room, client.user, type, thread], { event_id: event, ts });
  }, undefined);

describe("receipts", () => {
  test("are told once, private ones to their owner only", () =>
    withBox(async (box) => {
      const [alice, bob, room] = await twoInARoom(box);
      const event = await alice.send(box, room, "hi");
      await alice.sync(box);
      await bob.sync(box);
      await receipt(box, bob, room, event);
      await receipt(box, bob, room, event, { type: "m.read.private" });
      const seen = (await alice.sync(box)).join[room]?.ephemeral.events;
      const publicOne = { [bob.user]: { ts: 1 } };
      expect(seen).toEqual([{ type: "m.receipt", content: { [event]: { "m.read": publicOne } } }]);
      expect((await alice.sync(box)).join).toEqual({});
      const own = (await bob.sync(box)).join[room]?.ephemeral.events[0]?.content;
      expect(own).toEqual({ [event]: { "m.read": publicOne, "m.read.private": publicOne } });
      const later = new SyncClient("alice", "LATER");
      expect((await later.sync(box)).join[room]?.ephemeral.events).toEqual(seen);
    }));

  test("of two threads at one event go into two events", () =>
    withBox(async (box) => {
      const [alice, bob, room] = await twoInARoom(box);
      const event = await alice.send(box, room, "hi");
      await alice.sync(box);
      await receipt(box, bob, room, event, { thread: "main" });
      await receipt(box, bob, room, event);
      const contents = (await alice.sync(box)).join[room]?.ephemeral.events.map((e) => e.content);
      expect(contents).toHaveLength(2);
      expect(contents).toContainEqual({
        [event]: { "m.read": { [bob.user]: { ts: 1, thread_id: "main" } } },
      });
    }));
});

describe("unread counts", () => {
  test("grow with what notifies and fall with receipts and own messages", () =>
    withBox(async (box) => {
      const [alice, bob, room] = await twoInARoom(box);
      const counts = async () => {
        const part = (await alice.sync(box)).join[room]?.unread_notifications;
        return [part?.notification_count, part?.highlight_count];
      };
      await bob.send(box, room, "one");
      expect(await counts()).toEqual([1, 0]);
      const second = await bob.send(box, room, "two");
      await bob.send(box, room, "three", { "m.mentions": { user_ids: [alice.user] } });
      expect(await counts()).toEqual([3, 1]);
      await receipt(box, alice, room, second);
      expect(await counts()).toEqual([1, 1]);
      await alice.send(box, room, "read it all");
      expect(await counts()).toEqual([0, 0]);
      const fresh = new SyncClient("alice", "FRESH");
      expect((await fresh.sync(box)).join[room]?.unread_notifications.notification_count).toBe(0);
    }));

  test("are apart for threads where the filter asks for it", () =>
    withBox(async (box) => {
      const [alice, bob, room] = await twoInARoom(box);
      const root = await alice.send(box, room, "root");
      await bob.send(box, room, "in thread", {
        "m.relates_to": { rel_type: "m.thread", event_id: root },
      });
      await bob.send(box, room, "in main");
      const filter = JSON.stringify({ room: { timeline: { unread_thread_notifications: true } } });
      const part = (await alice.sync(box, { filter })).join[room];
      expect(part?.unread_notifications.notification_count).toBe(1);
      expect(part?.unread_thread_notifications).toEqual({
        [root]: { notification_count: 1, highlight_count: 0 },
      });
    }));

  test("forget a message that was redacted", () =>
    withBox(async (box) => {
      const [alice, bob, room] = await twoInARoom(box);
      const event = await bob.send(box, room, "oops");
      await alice.sync(box);
      await bob.redact(box, room, event);
      const part = (await alice.sync(box)).join[room];
      expect(part?.timeline.events.map(({ type }) => type)).toEqual(["m.room.redaction"]);
      expect(part?.unread_notifications.notification_count).toBe(0);
    }));
});

describe("ephemeral facts", () => {
  test("say who types, and that it ended", () =>
    withBox(async (box) => {
      const [alice, bob, room] = await twoInARoom(box);
      await alice.sync(box);
      const typing = (is: boolean): void =>
        setTyping(box, { room, requester: bob.user, user: bob.user, typing: is });
      const users = async (): Promise<unknown> =>
        (await alice.sync(box)).join[room]?.ephemeral.events.map((e) => e.content["user_ids"]);
      const waiting = alice.sync(box, { timeoutMs: 10_000 });
      typing(true);
      expect((await waiting).join[room]?.ephemeral.events[0]?.content["user_ids"]).toEqual([
        bob.user,
      ]);
      expect(await users()).toBeUndefined();
      typing(false);
      expect(await users()).toEqual([[]]);
    }));

  test("say who is there, to people of the same rooms", () =>
    withBox(async (box) => {
      const [alice, bob] = await twoInARoom(box);
      const stranger = new SyncClient("stranger");
      await alice.sync(box);
      await stranger.sync(box);
      announcePresence(box, bob.user, "online");
      const [event] = (await alice.sync(box)).presence;
      expect(event).toMatchObject({ sender: bob.user, content: { presence: "online" } });
      expect((await alice.sync(box)).presence).toEqual([]);
      expect((await stranger.sync(box)).presence).toEqual([]);
    }));

  test("a syncing client is announced once, not with each request", () =>
    withBox(async (box) => {
      const [alice] = await twoInARoom(box);
      await alice.sync(box, { setPresence: "online" });
      const { serial } = box.ephemeral;
      await alice.sync(box, { setPresence: "online" });
      expect(box.ephemeral.serial).toBe(serial);
      await alice.sync(box, { setPresence: "unavailable" });
      expect(box.ephemeral.serial).toBe(serial + 1);
    }));
});

describe("account data", () => {
  test("is told where it changed, of the account and of rooms", () =>
    withBox(async (box) => {
      const [alice, , room] = await twoInARoom(box);
      await alice.sync(box);
      await box.runner.run((draft) => {
        draft.setField(`user:${alice.user}`, "account_data", "m.direct", { x: ["!r"] });
        draft.setField(`user:${alice.user}`, "tags", `${room}\u001fm.favourite`, { order: 0.5 });
        draft.putFact("fully_read", [alice.user, room], { event_id: "$e" });
      }, undefined);
      const synced = await alice.sync(box);
      expect(synced.accountData).toEqual([{ type: "m.direct", content: { x: ["!r"] } }]);
      const inRoom = synced.join[room]?.account_data.events;
      expect(inRoom).toContainEqual({
        type: "m.tag",
        content: { tags: { "m.favourite": { order: 0.5 } } },
      });
      expect(inRoom).toContainEqual({ type: "m.fully_read", content: { event_id: "$e" } });
      expect((await alice.sync(box)).raw).not.toHaveProperty("rooms");
      const first = await new SyncClient("alice", "FRESH").sync(box);
      expect(first.join[room]?.account_data.events).toHaveLength(2);
      expect(first.accountData.map(({ type }) => type).toSorted()).toEqual([
        "m.direct",
        "m.push_rules",
      ]);
    }));
});

describe("filters", () => {
  test("choose rooms, events and fields", () =>
    withBox(async (box) => {
      const [alice, bob, room] = await twoInARoom(box);
      const other = await alice.createRoom(box);
      await alice.send(box, room, "mine");
      await bob.send(box, room, "bob's");
      const filter = JSON.stringify({
        event_fields: ["content.body", "event_id"],
        room: {
          not_rooms: [other],
          timeline: { types: ["m.room.mess*"], not_senders: [alice.user] },
          state: { types: ["m.room.create"] },
        },
      });
      const { join } = await alice.sync(box, { filter });
      expect(Object.keys(join)).toEqual([room]);
      expect(join[room]?.timeline.events).toEqual([
        { event_id: expect.any(String), content: { body: "bob's" } },
      ]);
      expect(join[room]?.state.events).toHaveLength(1);
    }));

  test("that cannot be read are refused", () =>
    withBox(async (box) => {
      const alice = new SyncClient("alice");
      for (const filter of ["{", "[]", "unknown", '{"room": 1}', '{"event_format": "x"}']) {
        await expect(alice.sync(box, { filter })).rejects.toMatchObject({ status: 400 });
      }
    }));

  test("bring rooms that were left where they ask for it", () =>
    withBox(async (box) => {
      const [alice, bob, room] = await twoInARoom(box);
      await alice.send(box, room, "seen");
      await bob.member(box, room, "leave");
      await alice.send(box, room, "unseen");
      await alice.setState(box, room, "m.room.name", "", { name: "unseen" });
      const later = new SyncClient("bob", "LATER");
      expect((await later.sync(box)).leave).toEqual({});
      const filter = JSON.stringify({ room: { include_leave: true } });
      const { leave } = await new SyncClient("bob", "OTHER").sync(box, { filter });
      const told = JSON.stringify(leave[room]);
      expect(told).toContain('"seen"');
      expect(told).not.toContain("unseen");
    }));
});
