import { describe, expect, test } from "vitest";
import type { RoomId } from "../../../core/ids.ts";
import type { Services } from "../../../core/services.ts";
import { readContext } from "../../../core/timeline/context.ts";
import { compileEventFilter, NO_FILTER } from "../../../core/timeline/event-filter.ts";
import { readMessages } from "../../../core/timeline/messages.ts";
import { readEvent } from "../../../core/timeline/single-event.ts";
import { oneBox } from "../../support/one-box.ts";
import { SyncClient } from "../../support/sync-client.ts";
import type { SeenEvent } from "../../support/sync-client.ts";

async function withRoom(
  count: number,
  run: (box: Services, alice: SyncClient, room: RoomId) => Promise<void>,
): Promise<void> {
  // No two events happen at the same moment, so their order is known.
  let now = 1_767_225_600_000;
  const { services, stop } = await oneBox({ wallClock: () => (now += 2) });
  try {
    const alice = new SyncClient("alice");
    const room = await alice.createRoom(services);
    for (let i = 1; i <= count; i++) await alice.send(services, room, `m${i}`);
    await run(services, alice, room);
  } finally {
    await stop();
  }
}

const texts = (events: readonly SeenEvent[]): unknown[] =>
  events.map(({ type, content }) => (type === "m.room.message" ? content["body"] : type));

describe("pages", () => {
  test("lead from the end to the creation of the room, and stop there", () =>
    withRoom(12, async (box, alice, room) => {
      const found: unknown[] = [];
      let from: string | undefined;
      for (let i = 0; i === 0 || from !== undefined; i++) {
        const page = await alice.messages(box, room, { limit: 5, ...(from ? { from } : {}) });
        found.push(...texts(page.events));
        from = page.end;
      }
      expect(found.slice(0, 3)).toEqual(["m12", "m11", "m10"]);
      expect(found.at(-1)).toBe("m.room.create");
      expect(new Set(found).size).toBe(found.length);
    }));

  test("lead from the creation forwards, and back again to the same events", () =>
    withRoom(8, async (box, alice, room) => {
      const first = await alice.messages(box, room, { direction: "forwards", limit: 3 });
      expect(texts(first.events)[0]).toBe("m.room.create");
      const second = await alice.messages(box, room, {
        direction: "forwards",
        limit: 3,
        from: first.end ?? "",
      });
      const back = await alice.messages(box, room, { limit: 6, from: second.end ?? "" });
      expect(texts(back.events).toReversed()).toEqual([
        ...texts(first.events),
        ...texts(second.events),
      ]);
    }));

  test("from a sync token lead back to what it covers, and forwards to what it does not", () =>
    withRoom(3, async (box, alice, room) => {
      const { next } = await alice.sync(box);
      await alice.send(box, room, "later 1");
      await alice.send(box, room, "later 2");
      const back = await alice.messages(box, room, { from: next, limit: 2 });
      expect(texts(back.events)).toEqual(["m3", "m2"]);
      const one = await alice.messages(box, room, { from: next, direction: "forwards", limit: 1 });
      expect(texts(one.events)).toEqual(["later 1"]);
      const two = await alice.messages(box, room, {
        from: one.end ?? "",
        direction: "forwards",
        limit: 5,
      });
      expect([texts(two.events), two.end]).toEqual([["later 2"], undefined]);
    }));

  test("end at `to`, be it a page token or a sync token", () =>
    withRoom(3, async (box, alice, room) => {
      const { next } = await alice.sync(box);
      await alice.send(box, room, "m4");
      expect(texts((await alice.messages(box, room, { to: next })).events)).toEqual(["m4"]);
      const { end = "" } = await alice.messages(box, room, { limit: 2 });
      expect(texts((await alice.messages(box, room, { to: end })).events)).toEqual(["m4", "m3"]);
    }));

  test("hold only what the filter lets through, with the members who sent it", () =>
    withRoom(3, async (box, alice, room) => {
      const json = await readMessages(box, {
        requester: alice.requester,
        room,
        from: undefined,
        to: undefined,
        direction: "backwards",
        limit: 10,
        filter: compileEventFilter({ types: ["m.room.message"], lazy_load_members: true }),
      });
      expect(texts(json["chunk"] as unknown as SeenEvent[])).toEqual(["m3", "m2", "m1"]);
      expect((json["state"] as unknown as SeenEvent[]).map((e) => e.state_key)).toEqual([
        alice.user,
      ]);
      expect(json).not.toHaveProperty("end");
    }));

  test("are for people of the room", () =>
    withRoom(1, async (box, _alice, room) => {
      const stranger = new SyncClient("stranger");
      await expect(stranger.messages(box, room)).rejects.toMatchObject({ errcode: "M_FORBIDDEN" });
      const unknown = "!unknown:hearth.test" as RoomId;
      await expect(stranger.messages(box, unknown)).rejects.toMatchObject({ status: 403 });
    }));

  test("end for those who left where they left", () =>
    withRoom(0, async (box, alice, room) => {
      const bob = new SyncClient("bob");
      await bob.member(box, room, "join");
      await alice.send(box, room, "seen");
      await bob.member(box, room, "leave");
      await alice.send(box, room, "unseen");
      expect(texts((await bob.messages(box, room, { limit: 2 })).events)).toEqual([
        "m.room.member",
        "seen",
      ]);
    }));
});

describe("one event", () => {
  test("comes with what happened around it, and tokens to go on", () =>
    withRoom(9, async (box, alice, room) => {
      const page = await alice.messages(box, room, { limit: 9 });
      const fifth = page.events.find(({ content }) => content["body"] === "m5");
      if (!fifth) throw new Error("m5 was sent");
      const context = await readContext(box, {
        requester: alice.requester,
        room,
        event: fifth.event_id,
        limit: 4,
        filter: NO_FILTER,
      });
      const list = (name: string): unknown[] => texts(context[name] as unknown as SeenEvent[]);
      expect([list("events_before"), list("events_after")]).toEqual([
        ["m4", "m3"],
        ["m6", "m7"],
      ]);
      expect(list("state")).toContain("m.room.create");
      const start = context["start"] as string;
      const end = context["end"] as string;
      const older = await alice.messages(box, room, { from: start, limit: 1 });
      const newer = await alice.messages(box, room, { from: end, direction: "forwards", limit: 1 });
      expect([texts(older.events), texts(newer.events)]).toEqual([["m2"], ["m8"]]);
    }));

  test("is shown to those who may see it, with what became of it", () =>
    withRoom(0, async (box, alice, room) => {
      const stranger = new SyncClient("stranger");
      const event = await alice.send(box, room, "oops");
      const redaction = await alice.redact(box, room, event);
      const shown = await readEvent(box, { requester: alice.requester, room, event });
      expect(shown).toMatchObject({
        room_id: room,
        content: {},
        unsigned: { redacted_because: { event_id: redaction } },
      });
      const denied = readEvent(box, { requester: stranger.requester, room, event });
      await expect(denied).rejects.toMatchObject({ status: 404, errcode: "M_NOT_FOUND" });
    }));

  test("says to the device that sent it by which transaction, and to all what it replaced", () =>
    withRoom(0, async (box, alice, room) => {
      const event = await alice.send(box, room, "hi");
      const read = (client: SyncClient, id = event) =>
        readEvent(box, { requester: client.requester, room, event: id });
      expect(await read(alice)).toMatchObject({ unsigned: { transaction_id: "DEVICE-1" } });
      const other = await read(new SyncClient("alice", "OTHER"));
      expect(other["unsigned"]).not.toHaveProperty("transaction_id");
      expect(other).toMatchObject({ unsigned: { membership: "join" } });
      const first = await alice.setState(box, room, "m.room.topic", "", { topic: "1" });
      const second = await alice.setState(box, room, "m.room.topic", "", { topic: "2" });
      expect(await read(alice, second)).toMatchObject({
        unsigned: { replaces_state: first, prev_content: { topic: "1" } },
      });
    }));

  test("bears its newest edit, its thread and its references", () =>
    withRoom(0, async (box, alice, room) => {
      const bob = new SyncClient("bob");
      await bob.member(box, room, "join");
      const event = await alice.send(box, room, "helo");
      const relate = (rel_type: string) => ({ "m.relates_to": { rel_type, event_id: event } });
      const edit = (body: string) => ({ ...relate("m.replace"), "m.new_content": { body } });
      await alice.send(box, room, "* hell", edit("hell"));
      const newest = await alice.send(box, room, "* hello", edit("hello"));
      await bob.send(box, room, "* not mine", edit("not mine"));
      const reply = await bob.send(box, room, "in thread", relate("m.thread"));
      const pointer = await bob.send(box, room, "see", relate("m.reference"));
      const shown = await readEvent(box, { requester: alice.requester, room, event });
      expect((shown["unsigned"] as Record<string, unknown>)["m.relations"]).toMatchObject({
        "m.replace": { event_id: newest },
        "m.reference": { chunk: [{ event_id: pointer }] },
        "m.thread": {
          count: 1,
          current_user_participated: true,
          latest_event: { event_id: reply },
        },
      });
    }));
});
