import { describe, expect, test } from "vitest";
import type { EventId, RoomId } from "../../../core/ids.ts";
import type { Snapshot } from "../../../core/ports.ts";
import type { Services } from "../../../core/services.ts";
import { SyncMemory } from "../../../core/sync/memory.ts";
import { unreadTotal } from "../../../core/sync/unread.ts";
import { Presenter } from "../../../core/timeline/presenter.ts";
import { oneBox } from "../../support/one-box.ts";
import { SyncClient } from "../../support/sync-client.ts";

/** A room in which somebody else speaks, and what counts as unread in it by a snapshot. */
interface Story {
  readonly say: (body: string) => Promise<EventId>;
  readonly redact: (event: EventId) => Promise<EventId>;
  readonly look: () => Snapshot;
  readonly unread: (snapshot: Snapshot) => Promise<number>;
}

async function withRoom(run: (story: Story) => Promise<void>): Promise<void> {
  const { services: box, stop } = await oneBox();
  const snapshots: Snapshot[] = [];
  try {
    const [alice, bob] = [new SyncClient("alice"), new SyncClient("bob")];
    const room = await alice.createRoom(box);
    await bob.member(box, room, "join");
    const memory = new SyncMemory();
    const look = (): Snapshot => {
      const snapshot = box.reader.snapshot();
      snapshots.push(snapshot);
      return snapshot;
    };
    // All that were there so far are counted and remembered.
    await unreadBy(box, alice, room, look(), memory);
    await run({
      say: (body) => bob.send(box, room, body),
      redact: (event) => bob.redact(box, room, event),
      look,
      unread: (snapshot) => unreadBy(box, alice, room, snapshot, memory),
    });
  } finally {
    for (const snapshot of snapshots) snapshot.close();
    await stop();
  }
}

function unreadBy(
  box: Services,
  { user, requester }: SyncClient,
  room: RoomId,
  snapshot: Snapshot,
  memory: SyncMemory,
): Promise<number> {
  const options = { snapshot, docs: box.documents, requester, nowMs: 0, withRoom: false };
  return unreadTotal({ user, snapshot, memory }, new Presenter(options, room));
}

describe("unread counts of requests that overtake each other", () => {
  test("count a message once, though the slower request had not seen it", () =>
    withRoom(async ({ say, look, unread }) => {
      await say("seen by both");
      const slow = look();
      await say("seen by one");
      const quick = look();
      expect(await unread(quick)).toBe(2);
      await unread(slow);
      expect(await unread(quick)).toBe(2);
      await say("seen by the next");
      expect(await unread(look())).toBe(3);
    }));

  test("leave out what was redacted, though the slower request had not seen that", () =>
    withRoom(async ({ say, redact, look, unread }) => {
      const event = await say("oops");
      const slow = look();
      await redact(event);
      const quick = look();
      expect(await unread(quick)).toBe(0);
      await unread(slow);
      expect(await unread(quick)).toBe(0);
      await say("well");
      expect(await unread(look())).toBe(1);
    }));

  test("lose what was redacted after the slower request had been answered", () =>
    withRoom(async ({ say, redact, look, unread }) => {
      const slow = look();
      const event = await say("oops");
      expect(await unread(look())).toBe(1);
      await unread(slow);
      await redact(event);
      expect(await unread(look())).toBe(0);
    }));
});
