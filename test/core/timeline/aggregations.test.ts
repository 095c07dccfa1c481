import { describe, expect, test } from "vitest";
import type { EventId, RoomId, UserId } from "../../../core/ids.ts";
import type { JsonObject } from "../../../core/json.ts";
import type { Services } from "../../../core/services.ts";
import { NO_FILTER } from "../../../core/timeline/event-filter.ts";
import { readMessages } from "../../../core/timeline/messages.ts";
import { readEvent } from "../../../core/timeline/single-event.ts";
import { oneBox } from "../../support/one-box.ts";
import { SyncClient } from "../../support/sync-client.ts";

interface Scene {
  readonly box: Services;
  readonly alice: SyncClient;
  readonly bob: SyncClient;
  readonly room: RoomId;
  /** `unsigned.m.relations` of an event, as a client sees it. */
  bundle(client: SyncClient, event: EventId): Promise<JsonObject | undefined>;
}

async function scene(run: (scene: Scene) => Promise<void>): Promise<void> {
  let now = 1_767_225_600_000;
  const { services: box, stop } = await oneBox({ wallClock: () => (now += 2) });
  try {
    const [alice, bob] = [new SyncClient("alice"), new SyncClient("bob")];
    const room = await alice.createRoom(box);
    await bob.member(box, room, "join");
    const bundle: Scene["bundle"] = async ({ requester }, event) => {
      const { unsigned } = await readEvent(box, { requester, room, event });
      return (unsigned as JsonObject)["m.relations"] as JsonObject | undefined;
    };
    await run({ box, alice, bob, room, bundle });
  } finally {
    await stop();
  }
}

const relate = (type: string, event: EventId): JsonObject => ({
  "m.relates_to": { rel_type: type, event_id: event },
});
const edit = (event: EventId, body: string): JsonObject => ({
  ...relate("m.replace", event),
  "m.new_content": { body },
});

describe("an edit", () => {
  test("is bundled, the newest one, and changes nothing in the event itself", () =>
    scene(async ({ box, alice, room, bundle }) => {
      const event = await alice.send(box, room, "helo");
      await alice.send(box, room, "* hell", edit(event, "hell"));
      const newest = await alice.send(box, room, "* hello", edit(event, "hello"));
      expect(await bundle(alice, event)).toMatchObject({
        "m.replace": { event_id: newest, content: { "m.new_content": { body: "hello" } } },
      });
      const shown = await readEvent(box, { requester: alice.requester, room, event });
      expect(shown["content"]).toEqual({ msgtype: "m.text", body: "helo" });
    }));

  test("counts no more once it is redacted, and the one before it does again", () =>
    scene(async ({ box, alice, room, bundle }) => {
      const event = await alice.send(box, room, "helo");
      const first = await alice.send(box, room, "* hell", edit(event, "hell"));
      const second = await alice.send(box, room, "* hello", edit(event, "hello"));
      await alice.redact(box, room, second);
      expect(await bundle(alice, event)).toMatchObject({ "m.replace": { event_id: first } });
      await alice.redact(box, room, first);
      expect(await bundle(alice, event)).toBeUndefined();
    }));

  test("is not one by another person, without content, with a state key, or of an edit", () =>
    scene(async ({ box, alice, bob, room, bundle }) => {
      const event = await alice.send(box, room, "helo");
      await bob.send(box, room, "* no", edit(event, "no"));
      await alice.send(box, room, "* no", relate("m.replace", event));
      await alice.setState(box, room, "m.room.message", "", { body: "no", ...edit(event, "no") });
      expect(await bundle(alice, event)).toBeUndefined();
      const valid = await alice.send(box, room, "* hello", edit(event, "hello"));
      await alice.send(box, room, "* hallo", edit(valid, "hallo"));
      expect(await bundle(alice, valid)).toBeUndefined();
    }));
});

describe("a redacted event", () => {
  test("keeps its thread and its references, but no edit", () =>
    scene(async ({ box, alice, bob, room, bundle }) => {
      const event = await alice.send(box, room, "root");
      await alice.send(box, room, "* top", edit(event, "top"));
      const reply = await bob.send(box, room, "reply", relate("m.thread", event));
      const reference = await bob.send(box, room, "see", relate("m.reference", event));
      await alice.redact(box, room, event);
      const found = await bundle(alice, event);
      expect(Object.keys(found ?? {}).toSorted()).toEqual(["m.reference", "m.thread"]);
      expect(found).toMatchObject({
        "m.reference": { chunk: [{ event_id: reference }] },
        "m.thread": { count: 1, latest_event: { event_id: reply } },
      });
    }));
});

describe("a thread", () => {
  test("tells its newest reply with its edit, its size and whether one took part", () =>
    scene(async ({ box, alice, bob, room, bundle }) => {
      const carol = new SyncClient("carol");
      await carol.member(box, room, "join");
      const root = await alice.send(box, room, "root");
      await bob.send(box, room, "one", relate("m.thread", root));
      const two = await bob.send(box, room, "two", relate("m.thread", root));
      const changed = await bob.send(box, room, "* two!", edit(two, "two!"));
      const thread = {
        count: 2,
        latest_event: {
          event_id: two,
          unsigned: { "m.relations": { "m.replace": { event_id: changed } } },
        },
      };
      for (const [client, participated] of [
        [alice, true],
        [bob, true],
        [carol, false],
      ] as const) {
        expect(await bundle(client, root)).toMatchObject({
          "m.thread": { ...thread, current_user_participated: participated },
        });
      }
    }));

  test("has no replies by ignored people, nor redacted ones", () =>
    scene(async ({ box, alice, bob, room, bundle }) => {
      const root = await alice.send(box, room, "root");
      const mine = await alice.send(box, room, "mine", relate("m.thread", root));
      await bob.send(box, room, "his", relate("m.thread", root));
      const gone = await alice.send(box, room, "gone", relate("m.thread", root));
      await alice.redact(box, room, gone);
      await ignore(box, alice, bob.user);
      expect(await bundle(alice, root)).toMatchObject({
        "m.thread": { count: 1, latest_event: { event_id: mine } },
      });
    }));

  test("has no replies that one may not see", () =>
    scene(async ({ box, alice, bob, room, bundle }) => {
      const carol = new SyncClient("carol");
      const root = await alice.send(box, room, "root");
      const type = "m.room.history_visibility";
      await alice.setState(box, room, type, "", { history_visibility: "joined" });
      await bob.send(box, room, "hidden", relate("m.thread", root));
      await bob.send(box, room, "hidden", relate("m.reference", root));
      await carol.member(box, room, "join");
      expect(await bundle(carol, root)).toBeUndefined();
      const shown = await bob.send(box, room, "shown", relate("m.thread", root));
      expect(await bundle(carol, root)).toMatchObject({
        "m.thread": { count: 1, latest_event: { event_id: shown } },
      });
    }));

  test("cannot begin with an event that relates to another one", () =>
    scene(async ({ box, alice, room, bundle }) => {
      const root = await alice.send(box, room, "root");
      const reply = await alice.send(box, room, "reply", relate("m.thread", root));
      await alice.send(box, room, "nested", relate("m.thread", reply));
      expect(await bundle(alice, reply)).toBeUndefined();
    }));
});

test("reactions are not bundled, and state events have no bundle", () =>
  scene(async ({ box, alice, room, bundle }) => {
    const event = await alice.send(box, room, "nice");
    await alice.send(box, room, "+1", relate("m.annotation", event));
    expect(await bundle(alice, event)).toBeUndefined();
    const topic = await alice.setState(box, room, "m.room.topic", "", { topic: "t" });
    await alice.send(box, room, "see", relate("m.reference", topic));
    expect(await bundle(alice, topic)).toBeUndefined();
  }));

test("a child of an unknown event, or in another room, does no harm", () =>
  scene(async ({ box, alice, room, bundle }) => {
    const other = await alice.createRoom(box);
    const event = await alice.send(box, room, "here");
    await alice.send(box, other, "there", relate("m.reference", event));
    await alice.send(box, room, "early", relate("m.reference", "$not-yet" as EventId));
    expect(await bundle(alice, event)).toBeUndefined();
  }));

test("pages and syncs bundle as single events do", () =>
  scene(async ({ box, alice, room, bundle }) => {
    const event = await alice.send(box, room, "root");
    await alice.send(box, room, "reply", relate("m.thread", event));
    const single = (await bundle(alice, event))?.["m.thread"] as JsonObject;
    const { requester } = alice;
    const asked = { requester, room, from: undefined, to: undefined, filter: NO_FILTER };
    const page = await readMessages(box, { ...asked, direction: "backwards", limit: undefined });
    const synced = await alice.sync(box);
    const inSync = synced.join[room]?.timeline.events.find(({ event_id: id }) => id === event);
    const inPage = (page["chunk"] as unknown as { event_id: string; unsigned: JsonObject }[]).find(
      ({ event_id: id }) => id === event,
    );
    for (const shown of [inPage, inSync]) {
      expect(shown?.unsigned["m.relations"]).toMatchObject({
        "m.thread": {
          count: single["count"],
          current_user_participated: true,
          latest_event: { event_id: (single["latest_event"] as JsonObject)["event_id"] },
        },
      });
    }
  }));

async function ignore(box: Services, { user }: SyncClient, ignored: UserId): Promise<void> {
  const list = { ignored_users: { [ignored]: {} } };
  await box.runner.run((draft) => {
    draft.setField(`user:${user}`, "account_data", "m.ignored_user_list", list);
  }, undefined);
}
