import { describe, expect, it } from "vitest";
import { RotWatch } from "../../../bin/box/rot-watch.ts";
import type { RotWatchDeps } from "../../../bin/box/rot-watch.ts";
import type { BoxId } from "../../../core/ids.ts";
import { originOf } from "../../../core/vector.ts";
import type { RotNote } from "../../../mesh/store/rot-note.ts";
import { QUIET } from "../../support/box-on-disk.ts";
import { FakeTimers } from "../../mesh/transport/fake-timers.ts";

const [A, B, C] = ["aaaaaaaa", "bbbbbbbb", "cccccccc"] as [BoxId, BoxId, BoxId];
const LIFE = originOf(A, 1);
const HERE = { [LIFE]: 5 };
const FOUND = "table 000005 is gone";
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const NOW = 1_800_000_000_000;

/** A box, what is on its disk, and what it copied. */
function watching(noted?: RotNote, marked?: string) {
  const timers = new FakeTimers();
  const world = {
    members: [A, B, C],
    peers: [{ box: B, vector: HERE, isForeign: false }] as object[],
    isWell: true,
    rotten: [] as BoxId[],
    silent: [] as BoxId[],
    copied: [] as BoxId[],
    problem: undefined as string | undefined,
    takesWrites: true,
    note: noted,
    clock: NOW,
    isMarkedRotten: false,
  };
  const node = {
    replicator: { peers: () => world.peers },
    ledger: { vector: HERE },
    memberIds: () => world.members,
    renewal: {
      setRotten: () => void (world.isMarkedRotten = true),
      replaceRotten: async (from: BoxId) => {
        world.copied.push(from);
        return world.problem;
      },
    },
  } as unknown as RotWatchDeps["node"];
  const keep = async (note: RotNote): Promise<void> => {
    if (!world.takesWrites) throw new Error("EROFS");
    world.note = note;
  };
  const ask = async (box: BoxId) =>
    world.silent.includes(box) ? undefined : { isRotten: world.rotten.includes(box) };
  const rest = { timers, logger: QUIET, isWell: () => world.isWell };
  const wallClock = (): number => world.clock + timers.elapsed();
  const watch = new RotWatch({ ...rest, keep, store: "s1", node, ask, wallClock }, noted);
  watch.start(marked);
  return { watch, world, timers };
}

describe("a box in whose store something has rotted", () => {
  it("says nothing as long as nothing has", async () => {
    const { watch, world, timers } = watching();
    await timers.advance(HOUR_MS);
    expect([watch.status, watch.isRotten, world.note, timers.waiting]).toEqual([
      undefined,
      false,
      undefined,
      0,
    ]);
    watch.checked();
    expect(watch.report).toEqual({ checked: NOW + HOUR_MS, trouble: null, mended: null });
  });

  it("notes it on disk and copies a box that has everything, once", async () => {
    const { watch, world, timers } = watching();
    watch.found(FOUND);
    watch.found("something else");
    await timers.advance(1);
    expect(world.note).toEqual({ store: "s1", what: FOUND, foundMs: NOW, triedMs: NOW });
    expect(watch.status).toMatchObject({ state: "rotten" });
    await timers.advance(DAY_MS - MINUTE_MS);
    expect([world.copied, world.isMarkedRotten]).toEqual([[B], true]);
  });

  it("goes on with it after a power cut that came before the copy", async () => {
    const { watch, world, timers } = watching({ store: "s1", what: FOUND, foundMs: 5 });
    expect([watch.isRotten, world.isMarkedRotten]).toEqual([true, true]);
    await timers.advance(MINUTE_MS);
    expect(world.copied).toEqual([B]);
  });

  it("is one whose blocks had to be marked before it could start, whatever was noted before", async () => {
    for (const noted of [undefined, { store: "s1", what: "before", foundMs: 5 }]) {
      const { watch, world, timers } = watching(noted, FOUND);
      await timers.advance(MINUTE_MS);
      expect([watch.isRotten, world.copied]).toEqual([true, [B]]);
    }
  });

  it.each([
    ["no box is connected", { peers: [] }],
    ["the other one lacks something", { peers: [{ box: B, vector: {}, isForeign: false }] }],
    ["the other one has not said what it has", { peers: [{ box: B, isForeign: false }] }],
    ["the other one has another version", { peers: [{ box: B, vector: HERE, isForeign: true }] }],
    ["the other one is rotten too", { rotten: [B] }],
    ["the other one does not say how it is", { silent: [B] }],
  ])("waits and serves while %s", async (_, change) => {
    const { watch, world, timers } = watching();
    Object.assign(world, change);
    watch.found(FOUND);
    await timers.advance(HOUR_MS);
    expect(world.copied).toEqual([]);
    expect(watch.status?.note).toBe(
      `${FOUND}. It is mended when a box is connected that is sound and has everything.`,
    );
    world.peers = [...world.peers, { box: C, vector: HERE, isForeign: false }];
    await timers.advance(MINUTE_MS);
    expect(world.copied).toEqual([C]);
  });

  it("waits while something else is the matter with it", async () => {
    const { watch, world, timers } = watching();
    world.isWell = false;
    watch.found(FOUND);
    await timers.advance(HOUR_MS);
    expect(world.copied).toEqual([]);
  });

  it("that is alone in its mesh goes on, and tells its owner what to do", async () => {
    const { watch, world, timers } = watching();
    world.members = [A];
    watch.found(FOUND);
    await timers.advance(10 * DAY_MS);
    expect([world.copied, world.note?.what]).toEqual([[], FOUND]);
    expect(watch.status?.note).toMatch(/There is no other box .* put a backup back/);
  });

  it("copies nothing before the note is on disk", async () => {
    const { watch, world, timers } = watching();
    world.takesWrites = false;
    watch.found(FOUND);
    await timers.advance(HOUR_MS);
    expect([world.copied, watch.isRotten]).toEqual([[], true]);
    world.takesWrites = true;
    await timers.advance(MINUTE_MS);
    expect([world.copied, world.note?.what]).toEqual([[B], FOUND]);
  });

  it("copies nothing either when only the note of the try cannot be written, and does not wait for a day", async () => {
    const { world, timers } = watching({ store: "s1", what: FOUND, foundMs: 5 });
    world.takesWrites = false;
    await timers.advance(HOUR_MS);
    expect(world.copied).toEqual([]);
    world.takesWrites = true;
    await timers.advance(MINUTE_MS);
    expect(world.copied).toEqual([B]);
  });

  it("tries a copy that failed again after an hour, also after a restart", async () => {
    const { watch, world, timers } = watching();
    world.problem = "the disk has 5 MiB free";
    watch.found(FOUND);
    await timers.advance(HOUR_MS - MINUTE_MS);
    expect(world.copied).toEqual([B]);
    expect(watch.status?.note).toContain(
      "The last try to mend it failed: the disk has 5 MiB free.",
    );
    expect(world.note?.triedMs).toBeUndefined();
    world.problem = undefined;
    await timers.advance(2 * MINUTE_MS);
    expect(world.copied).toEqual([B, B]);
  });
});

describe("a box that restarted because of rot", () => {
  const tried = { store: "s1", what: FOUND, foundMs: NOW - HOUR_MS, triedMs: NOW - HOUR_MS };

  it("on the same store does so again no sooner than a day after", async () => {
    const { watch, world, timers } = watching(tried);
    await timers.advance(23 * HOUR_MS - MINUTE_MS);
    expect(world.copied).toEqual([]);
    expect(watch.status?.note).toContain("less than a day ago");
    await timers.advance(2 * MINUTE_MS);
    expect(world.copied).toEqual([B]);
  });

  it("under a clock that went back does so again after a day of running", async () => {
    const { world, timers } = watching(tried);
    world.clock = 0;
    await timers.advance(DAY_MS - MINUTE_MS);
    expect(world.copied).toEqual([]);
    await timers.advance(2 * MINUTE_MS);
    expect(world.copied).toEqual([B]);
  });

  it("on a new store is well, remembers what was mended, and leaves it at that", async () => {
    const { watch, world, timers } = watching({ ...tried, store: "s0" });
    await timers.advance(2 * DAY_MS);
    expect([world.copied, watch.status, watch.isRotten]).toEqual([[], undefined, false]);
    expect(world.note).toEqual({ ...tried, store: "s0", mendedMs: NOW });
    expect(watch.report.mended).toEqual({ what: FOUND, at: NOW });
  });

  it("replaces the new store too when that rots, but not on the same day", async () => {
    const { watch, world, timers } = watching({ ...tried, store: "s0" });
    watch.found("table 000009 is gone");
    await timers.advance(22 * HOUR_MS);
    expect([world.copied, world.note]).toMatchObject([[], { store: "s1", triedMs: tried.triedMs }]);
    await timers.advance(2 * HOUR_MS);
    expect(world.copied).toEqual([B]);
  });
});

describe("a disk that does not read a file", () => {
  it("is told as trouble of the disk, not as rot, until a reading of everything goes well", () => {
    const { watch } = watching();
    watch.unread(Object.assign(new Error("i/o error"), { code: "EIO" }));
    expect([watch.report.trouble, watch.isRotten]).toEqual(["The disk of this box fails.", false]);
    watch.checked();
    expect(watch.report.trouble).toBe("The disk of this box fails.");
    watch.checked();
    expect(watch.report.trouble).toBeNull();
  });
});
