import { describe, expect, test } from "vitest";
import type { EventId, RoomId, UserId } from "../../../core/ids.ts";
import type { Services } from "../../../core/services.ts";
import { INITIAL_SCAN_ROWS_MAX, ROOM_LOG_ROWS_MAX } from "../../../core/sync/constants.ts";
import { compileSyncFilter } from "../../../core/sync/filter.ts";
import { SyncMemory } from "../../../core/sync/memory.ts";
import { Pass } from "../../../core/sync/pass.ts";
import { readRoomNews } from "../../../core/sync/room-news.ts";
import { newTimeline } from "../../../core/sync/timeline-section.ts";
import { events, timeline, topicLog, topicVector } from "../../../core/tables.ts";
import type { StoredEvent, Topic } from "../../../core/tables.ts";
import { parsePageToken } from "../../../core/timeline/page-token.ts";
import type { Origin, Vector } from "../../../core/vector.ts";
import { boxOf, incarnationOf } from "../../../core/vector.ts";
import { MemoryDisk, MemoryStore } from "../../../mesh/store/memory-store.ts";
import { StateStore } from "../../../mesh/store/overlay.ts";
import { SyncClient } from "../../support/sync-client.ts";

const room = "!r" as RoomId;
const topic: Topic = `room:${room}`;
const A = "aaaaaaaa.1" as Origin;
const B = "bbbbbbbb.1" as Origin;

/** Its name is its depth and its box; `x` is what the filter asks for. */
interface Happening {
  readonly box: Origin;
  readonly depth: number;
  readonly type?: "x";
}

const nameOf = ({ box, depth }: Happening): EventId => `$${depth}${box.slice(0, 1)}` as EventId;

const run = (box: Origin, from: number, count: number): Happening[] =>
  Array.from({ length: count }, (_, i) => ({ box, depth: from + i }));

/** A store with these events, numbered in the order given, each in a transaction of its own. */
async function storeWith(
  happenings: readonly Happening[],
): Promise<{ store: StateStore; vector: Vector }> {
  const store = new StateStore(new MemoryStore(new MemoryDisk()));
  const stage = store.begin();
  const vector: Record<Origin, number> = {};
  for (const happening of happenings) {
    const { box: origin, depth, type = "y" } = happening;
    const id = nameOf(happening);
    const seq = (vector[origin] = (vector[origin] ?? 0) + 1);
    const pdu = { type, depth, origin_server_ts: 0, sender: "@a:test" as UserId, content: {} };
    stage.put(events, [id], { id, room, pdu, origin, seq } as unknown as StoredEvent);
    stage.put(timeline, [room, depth, 0, id], { origin, seq });
    const key = [topic, boxOf(origin), incarnationOf(origin), seq] as const;
    stage.put(topicLog, [...key], [{ e: id, depth, ts: 0 }]);
  }
  stage.put(topicVector, [topic], vector);
  await store.commit(stage);
  return { store, vector };
}

/** What a client that asks for `x` only is told, and whatever matches but lies above its next page. */
async function told(
  happenings: readonly Happening[],
  since: Vector,
  limit = 10,
): Promise<{ events: EventId[]; limited: boolean; lost: EventId[] }> {
  const { store, vector } = await storeWith(happenings);
  using held = store.snapshot();
  const snapshot = {
    vector,
    get: held.get.bind(held),
    range: held.range.bind(held),
    close: () => undefined,
    [Symbol.dispose]: () => undefined,
  };
  const pass = new Pass({
    deps: { ephemeral: { serial: 0 } } as Services,
    snapshot,
    request: {
      requester: new SyncClient("alice").requester,
      since: { vector: since },
      filter: compileSyncFilter({ room: { timeline: { types: ["x"], limit } } }, ""),
      fullState: false,
      stateAfter: false,
    },
    memory: new SyncMemory(),
    allRooms: [],
    nowMs: 0,
  });
  const news = await readRoomNews(pass, room);
  const part = await newTimeline(pass, pass.presenter(room), news, () => true);
  const shown = part.events.map(({ id }) => id);
  const { side, at } = parsePageToken(part.prevBatch ?? "").point ?? { side: "after" };
  const isOnPages = ({ depth }: Happening): boolean =>
    at === undefined || depth < at.depth || (side === "after" && depth === at.depth);
  const isNew = (one: Happening): boolean => pass.news.isNew(dotOf(happenings, one));
  const wanted = happenings.filter((one) => one.type === "x" && isNew(one));
  const missed = wanted.filter((one) => !shown.includes(nameOf(one)) && !isOnPages(one));
  return { events: shown, limited: part.limited, lost: missed.map(nameOf) };
}

function dotOf(happenings: readonly Happening[], one: Happening): { origin: Origin; seq: number } {
  const ofBox = happenings.filter(({ box }) => box === one.box);
  return { origin: one.box, seq: ofBox.indexOf(one) + 1 };
}

const MANY = ROOM_LOG_ROWS_MAX + 10;

describe("a timeline of more news than is read of one box", () => {
  test("has no hole where another box has older events that the filter wants", async () => {
    const happenings: Happening[] = [
      { box: B, depth: 10, type: "x" },
      { box: A, depth: 11, type: "x" },
      ...run(A, 12, MANY),
    ];
    expect(await told(happenings, {})).toEqual({
      events: ["$10b", "$11a"],
      limited: true,
      lost: [],
    });
  });

  test("leaves to pages what lies deeper than it looks", async () => {
    const happenings: Happening[] = [
      { box: B, depth: 10, type: "x" },
      { box: A, depth: 11, type: "x" },
      ...run(A, 12, INITIAL_SCAN_ROWS_MAX),
    ];
    expect(await told(happenings, {})).toEqual({ events: [], limited: true, lost: [] });
  });

  test("shows the newest of what a box brings that was cut off, below much that is known", async () => {
    const known = INITIAL_SCAN_ROWS_MAX + 2 * MANY;
    const happenings: Happening[] = [
      ...run(A, 1, known - 1),
      { box: A, depth: known, type: "x" },
      ...run(B, 1, MANY),
      { box: B, depth: MANY + 1, type: "x" },
    ];
    expect(await told(happenings, { [A]: known })).toEqual({
      events: [`$${MANY + 1}b`],
      limited: true,
      lost: [],
    });
  });

  test("ends at the number that the filter names", async () => {
    const happenings: Happening[] = [
      ...run(A, 1, MANY),
      { box: A, depth: MANY + 1, type: "x" },
      { box: B, depth: MANY + 2, type: "x" },
    ];
    expect(await told(happenings, {}, 1)).toEqual({
      events: [`$${MANY + 2}b`],
      limited: true,
      lost: [],
    });
  });
});

describe("a timeline of few news", () => {
  test("has all that the filter wants and no gap", async () => {
    const happenings: Happening[] = [
      { box: A, depth: 1, type: "x" },
      { box: B, depth: 2, type: "x" },
      { box: A, depth: 3 },
      { box: A, depth: 4, type: "x" },
    ];
    expect(await told(happenings, { [A]: 1 })).toEqual({
      events: ["$2b", "$4a"],
      limited: false,
      lost: [],
    });
  });
});
