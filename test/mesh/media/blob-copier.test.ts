import { beforeEach, expect, it } from "vitest";
import type { Reader } from "../../../core/ports.ts";
import type { PutRecord } from "../../../core/transaction/records.ts";
import { BlobCopier } from "../../../mesh/media/blob-copier.ts";
import { FakeTimers } from "../transport/fake-timers.ts";
import { silentLogger as logger } from "./silent-logger.ts";

/** More than twice of what may wait. */
const MANY = 2500;
const AGAIN_MS = 30_000;
const TRIES_MAX = 10 * MANY;

/** Hashes in the order of the records. */
const hashes = Array.from({ length: MANY }, (_, i) => String(i).padStart(64, "0"));
const [first = "", second = ""] = hashes;

const valueOf = (hash: string) => ({ hash, sizeBytes: Number(hash) });
const record = (hash: string): PutRecord => ({
  kind: "put",
  collection: "media",
  key: [hash],
  value: { ...valueOf(hash), user: "@u:hs", created: 0 },
});

let timers: FakeTimers;
let known: readonly string[];
/** What is on this disk, and every try to bring it here, in order. */
let here: Set<string>;
let tries: string[];
let sizes: number[];
let snapshots: number;
/** Each step of a test replaces what it makes fail. */
let fetch: (hash: string) => Promise<boolean>;
let has: (hash: string) => Promise<boolean>;
let read: () => Promise<void>;

beforeEach(() => {
  timers = new FakeTimers();
  known = hashes;
  here = new Set();
  tries = [];
  sizes = [];
  snapshots = 0;
  fetch = () => Promise.resolve(true);
  has = (hash) => Promise.resolve(here.has(hash));
  read = () => Promise.resolve();
});

const reader = {
  snapshot: () => {
    snapshots++;
    return {
      range: async (_table: unknown, range: { after?: [string]; limit: number }) => {
        await read();
        const begin = range.after ? known.indexOf(range.after[0]) + 1 : 0;
        const page = known.slice(begin, begin + range.limit);
        return page.map((hash) => [["media", hash], { value: valueOf(hash) }]);
      },
      [Symbol.dispose]: () => void snapshots--,
    };
  },
} as unknown as Reader;

function start(): BlobCopier {
  const blobs = {
    has: (hash: string) => has(hash),
    fetch: async (hash: string, sizeBytes = 0) => {
      tries.push(hash);
      sizes.push(sizeBytes);
      // Slower than a look at the records, so that what waits grows to its limit.
      for (let i = 0; i < 10; i++) await Promise.resolve();
      // Whoever never waits comes to an end here, and is found to have tried too often.
      if (tries.length < TRIES_MAX && !(await fetch(hash))) return false;
      here.add(hash);
      return true;
    },
  };
  return new BlobCopier({ blobs, reader, timers, logger });
}

const lacking = (): number => known.filter((hash) => !here.has(hash)).length;
const failure = (code: string): Error => Object.assign(new Error(code), { code });

it("copies in the end what came while more was waiting than there is room for", async () => {
  const copier = start();
  for (const hash of hashes) copier.take(record(hash));
  await copier.settled();
  expect(lacking()).toBe(0);
  expect(tries).toHaveLength(MANY);
  await copier.stop();
  expect(timers.waiting).toBe(0);
});

it("copies in the end what came so while a look was under way", async () => {
  const late = Array.from({ length: MANY }, (_, i) => String(i).padStart(64, "a"));
  fetch = (hash) => {
    // These records lie where the look has been.
    if (hash === hashes[200]) {
      known = [...late, ...hashes];
      for (const other of late) copier.take(record(other));
    }
    return Promise.resolve(true);
  };
  const copier = start();
  copier.lookAtAll();
  await copier.settled();
  expect(lacking()).toBe(0);
  await copier.stop();
});

it("tries all again after a while, and not before, when more failed than there is room for", async () => {
  fetch = () => Promise.resolve(false);
  const copier = start();
  copier.lookAtAll();
  await copier.settled();
  expect(tries).toHaveLength(MANY);
  await timers.advance(AGAIN_MS - 1);
  await copier.settled();
  expect(tries).toHaveLength(MANY);
  fetch = () => Promise.resolve(true);
  await timers.advance(1);
  await copier.settled();
  expect(lacking()).toBe(0);
  await copier.stop();
});

it("goes on trying once in a while as long as everything fails", async () => {
  fetch = () => Promise.resolve(false);
  const copier = start();
  for (const hash of hashes) copier.take(record(hash));
  for (let round = 1; round <= 3; round++) {
    await copier.settled();
    // At most all that is known, and what was remembered besides.
    expect(tries.length).toBeLessThanOrEqual(round * 2 * MANY);
    expect(timers.waiting).toBe(1);
    await timers.advance(AGAIN_MS);
  }
  await copier.settled();
  expect(new Set(tries).size).toBe(MANY);
  await copier.stop();
});

it("comes to what can be had though so much that cannot is slow to fail", async () => {
  const dead = new Set(hashes.slice(0, 1000));
  const patience = 2 * MANY;
  fetch = async (hash) => {
    if (!dead.has(hash)) return true;
    if (tries.length < patience) await timers.advance(1000);
    return false;
  };
  const copier = start();
  copier.lookAtAll();
  await copier.settled();
  expect(tries.indexOf(hashes.at(-1) ?? "")).toBeLessThan(patience);
  expect(lacking()).toBe(dead.size);
  await copier.stop();
});

it("looks again after a while when a look broke off", async () => {
  read = () => Promise.reject(new Error("the store was closed"));
  const copier = start();
  copier.lookAtAll();
  await copier.settled();
  expect(tries).toEqual([]);
  read = () => Promise.resolve();
  await timers.advance(AGAIN_MS);
  await copier.settled();
  expect(lacking()).toBe(0);
  await copier.stop();
  expect(timers.waiting).toBe(0);
});

it("passes over what the disk does not tell of, and tries it later", async () => {
  const broken = (hash: string): Promise<boolean> =>
    hash === first ? Promise.reject(failure("EIO")) : Promise.resolve(here.has(hash));
  has = broken;
  fetch = async (hash) => !(await broken(hash));
  const copier = start();
  copier.lookAtAll();
  await copier.settled();
  expect(lacking()).toBe(1);
  has = (hash) => Promise.resolve(here.has(hash));
  fetch = () => Promise.resolve(true);
  await timers.advance(AGAIN_MS);
  await copier.settled();
  expect(lacking()).toBe(0);
  await copier.stop();
});

it("holds no snapshot of the records while it copies", async () => {
  let seen = 0;
  fetch = async () => {
    // By then the look has filled the list of what waits.
    if (tries.length === 900) seen = snapshots;
    return true;
  };
  const copier = start();
  copier.lookAtAll();
  await copier.settled();
  expect([lacking(), seen, snapshots]).toEqual([0, 0, 0]);
  await copier.stop();
});

it("tells the size of what it wants, the second time too", async () => {
  known = [];
  fetch = () => Promise.resolve(false);
  const copier = start();
  copier.take(record(second));
  copier.want(first);
  await copier.settled();
  await timers.advance(AGAIN_MS);
  await copier.settled();
  expect([tries, sizes]).toEqual([
    [second, first, second, first],
    [1, 0, 1, 0],
  ]);
  await copier.stop();
});
