import { describe, expect, test } from "vitest";
import type { EventId, RoomId } from "../../../core/ids.ts";
import type { Services } from "../../../core/services.ts";
import { events } from "../../../core/tables.ts";
import { RoomHistory } from "../../../core/timeline/room-history.ts";
import { Viewer } from "../../../core/timeline/viewer.ts";
import { oneBox } from "../../support/one-box.ts";
import { SyncClient } from "../../support/sync-client.ts";

interface Scene {
  readonly box: Services;
  readonly alice: SyncClient;
  readonly bob: SyncClient;
  readonly room: RoomId;
  readonly say: (text: string) => Promise<EventId>;
  readonly sees: (...ids: EventId[]) => boolean[];
}

/** Alice's public room; `sees` tells what Bob may see. */
async function scene(visibility: string, run: (scene: Scene) => Promise<void>): Promise<void> {
  const { services: box, stop } = await oneBox();
  try {
    const [alice, bob] = [new SyncClient("alice"), new SyncClient("bob")];
    const room = await alice.createRoom(box);
    await alice.setState(box, room, "m.room.history_visibility", "", {
      history_visibility: visibility,
    });
    const sees = (...ids: EventId[]): boolean[] => {
      const deps = { view: box.reader, docs: box.documents };
      const viewer = new Viewer(new RoomHistory(deps, room), bob.user);
      return ids.map((id) => {
        const event = box.reader.get(events, [id]);
        return event !== undefined && viewer.canSee(event);
      });
    };
    await run({ box, alice, bob, room, sees, say: (text) => alice.send(box, room, text) });
  } finally {
    await stop();
  }
}

/** What Bob may see of: before the invitation, while invited, while joined, after leaving. */
async function fourMoments({ box, alice, bob, room, say, sees }: Scene): Promise<boolean[][]> {
  const before = await say("before");
  await alice.member(box, room, "invite", bob.user);
  const invited = await say("invited");
  const asInvited = sees(before, invited);
  await bob.member(box, room, "join");
  const joined = await say("joined");
  const asMember = sees(before, invited, joined);
  await bob.member(box, room, "leave");
  const after = await say("after");
  return [asInvited, asMember, sees(before, invited, joined, after)];
}

describe("history", () => {
  test("that is shared shows to members what was before them", () =>
    scene("shared", async (s) => {
      expect(await fourMoments(s)).toEqual([
        [false, false],
        [true, true, true],
        [true, true, true, false],
      ]);
    }));

  test("from the invitation on shows from there", () =>
    scene("invited", async (s) => {
      expect(await fourMoments(s)).toEqual([
        [false, true],
        [false, true, true],
        [false, true, true, false],
      ]);
    }));

  test("from joining on shows from there", () =>
    scene("joined", async (s) => {
      expect(await fourMoments(s)).toEqual([
        [false, false],
        [false, false, true],
        [false, false, true, false],
      ]);
    }));

  test("that is world-readable shows to all", () =>
    scene("world_readable", async (s) => {
      expect((await fourMoments(s)).flat()).not.toContain(false);
    }));

  test("is judged event by event, at the visibility that held then", () =>
    scene("joined", async ({ box, alice, bob, room, say, sees }) => {
      const hidden = await say("hidden");
      const change = await alice.setState(box, room, "m.room.history_visibility", "", {
        history_visibility: "shared",
      });
      const shown = await say("shown");
      await bob.member(box, room, "join");
      // The change itself shows where the visibility before or after it lets it.
      expect(sees(hidden, change, shown)).toEqual([false, true, true]);
    }));

  test("shows people their own coming and going", () =>
    scene("joined", async ({ box, bob, room, sees }) => {
      const join = await bob.member(box, room, "join");
      const leave = await bob.member(box, room, "leave");
      expect(sees(join, leave)).toEqual([true, true]);
    }));

  test("with a visibility that nobody knows counts as shared", () =>
    scene("sometimes", async ({ box, bob, room, say, sees }) => {
      const before = await say("before");
      await bob.member(box, room, "join");
      expect(sees(before)).toEqual([true]);
    }));
});
