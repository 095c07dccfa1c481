import { describe, expect, test } from "vitest";
import type { RoomId } from "../../../core/ids.ts";
import type { Services } from "../../../core/services.ts";
import { compileSyncFilter } from "../../../core/sync/filter.ts";
import { lazily } from "../../../core/sync/lazy-members.ts";
import { memoryOf } from "../../../core/sync/memory.ts";
import { Pass } from "../../../core/sync/pass.ts";
import type { StoredEvent } from "../../../core/tables.ts";
import type { Vector } from "../../../core/vector.ts";
import { oneBox } from "../../support/one-box.ts";
import { SyncClient } from "../../support/sync-client.ts";
import type { Synced } from "../../support/sync-client.ts";

const FILTER = { room: { timeline: { limit: 1 }, state: { lazy_load_members: true } } };
const filter = JSON.stringify(FILTER);

interface Hall {
  readonly box: Services;
  readonly room: RoomId;
  /** Has synced once. */
  readonly alice: SyncClient;
  readonly bob: SyncClient;
  readonly carol: SyncClient;
}

async function inHall(run: (hall: Hall) => Promise<void>): Promise<void> {
  const { services: box, stop } = await oneBox();
  try {
    const [alice, bob, carol] = ["alice", "bob", "carol"].map((name) => new SyncClient(name));
    if (!alice || !bob || !carol) return;
    const room = await alice.createRoom(box, { name: "Hall" });
    await bob.member(box, room, "join");
    await carol.member(box, room, "join");
    await alice.send(box, room, "welcome");
    await alice.sync(box, { filter });
    await run({ box, room, alice, bob, carol });
  } finally {
    await stop();
  }
}

/** The users whose member events a response has as state. */
function membersIn({ join }: Synced, room: RoomId): (string | undefined)[] {
  const events = join[room]?.state.events ?? [];
  return events.filter(({ type }) => type === "m.room.member").map((event) => event.state_key);
}

interface Look {
  /** What the client knows after its response. */
  readonly reached: Vector;
  /** Whose member events go with a timeline of these people. */
  readonly membersOf: (...speakers: SyncClient[]) => (string | undefined)[];
}

/** Starts a look of the device at what there is now; it goes on whenever it is asked. */
function lookOf({ box, room, alice }: Hall, since: Vector): Look {
  const pass = new Pass({
    deps: box,
    snapshot: box.reader.snapshot(),
    request: {
      requester: alice.requester,
      since: { vector: since },
      filter: compileSyncFilter(FILTER, filter),
      fullState: false,
      stateAfter: "state_after",
    },
    memory: memoryOf(box.reader),
    allRooms: [],
    nowMs: 0,
  });
  return {
    reached: pass.reached,
    membersOf: (...speakers) => {
      const timeline = speakers.map(({ user }) => ({ pdu: { sender: user } }) as StoredEvent);
      const options = { whole: false, timeline, wanted: [] };
      return lazily(pass, pass.presenter(room), [], options).map(({ pdu }) => pdu.state_key);
    },
  };
}

describe("a lazily loaded member", () => {
  test("is sent again where a lost response had it and the next one did not", () =>
    inHall(async ({ box, room, alice, bob, carol }) => {
      await bob.send(box, room, "one");
      const { since } = alice;
      expect(membersIn(await alice.sync(box, { filter }), room)).toEqual([bob.user]);
      await carol.send(box, room, "two");
      const retried = await alice.sync(box, { filter, since });
      expect(membersIn(retried, room)).toEqual([carol.user]);
      await bob.send(box, room, "three");
      expect(membersIn(await alice.sync(box, { filter }), room)).toEqual([bob.user]);
      await bob.send(box, room, "four");
      expect(membersIn(await alice.sync(box, { filter }), room)).toEqual([]);
    }));

  test("is sent once more to a client that starts from nothing", () =>
    inHall(async ({ box, room, alice, bob, carol }) => {
      await bob.send(box, room, "one");
      await alice.sync(box, { filter });
      await carol.send(box, room, "two");
      const afresh = await alice.sync(box, { filter, since: undefined });
      expect(membersIn(afresh, room)).toEqual([alice.user, carol.user]);
      await bob.send(box, room, "three");
      expect(membersIn(await alice.sync(box, { filter }), room)).toEqual([bob.user]);
    }));
});

describe("of two looks of one device at once", () => {
  test("the client may go on from either", () =>
    inHall(async (hall) => {
      const { box, room, bob, carol } = hall;
      const start = box.reader.snapshot().vector;
      await bob.send(box, room, "one");
      const first = lookOf(hall, start);
      expect(first.membersOf(bob)).toEqual([bob.user]);
      await carol.send(box, room, "two");
      const second = lookOf(hall, start);
      expect(second.membersOf(bob, carol)).toEqual([bob.user, carol.user]);
      expect(lookOf(hall, second.reached).membersOf(bob, carol)).toEqual([]);
      expect(lookOf(hall, first.reached).membersOf(carol)).toEqual([carol.user]);
    }));

  test("what the earlier one notes late does not count as sent by the later one", () =>
    inHall(async (hall) => {
      const { box, room, bob, carol } = hall;
      const start = box.reader.snapshot().vector;
      await bob.send(box, room, "one");
      const slow = lookOf(hall, start);
      expect(slow.membersOf()).toEqual([]);
      await carol.send(box, room, "two");
      const quick = lookOf(hall, start);
      expect(quick.membersOf(carol)).toEqual([carol.user]);
      expect(slow.membersOf(bob)).toEqual([bob.user]);
      expect(lookOf(hall, quick.reached).membersOf(bob, carol)).toEqual([bob.user]);
    }));

  test("one that was overtaken before it began does not count either", () =>
    inHall(async (hall) => {
      const { box, room, bob, carol } = hall;
      const start = box.reader.snapshot().vector;
      await bob.send(box, room, "one");
      const slow = lookOf(hall, start);
      await carol.send(box, room, "two");
      const quick = lookOf(hall, start);
      expect(quick.membersOf(carol)).toEqual([carol.user]);
      expect(slow.membersOf(bob)).toEqual([bob.user]);
      expect(lookOf(hall, quick.reached).membersOf(bob, carol)).toEqual([bob.user]);
    }));
});
