import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { BoxId } from "../../../core/ids.ts";
import { puts } from "../../../core/tables.ts";
import type { HybridTime, PutRecord, Transaction } from "../../../core/transaction/records.ts";
import type { Origin } from "../../../core/vector.ts";
import type { Flushed } from "../../../mesh/journal/outcomes.ts";
import { copyBlobs, openBlobs } from "../../../mesh/media/blobs.ts";
import type { BlobStore } from "../../../mesh/media/blob-store.ts";
import { MemoryStore } from "../../../mesh/store/memory-store.ts";
import { StateStore } from "../../../mesh/store/overlay.ts";
import { MemoryNetwork } from "../../support/memory-network.ts";
import type { MemoryTransport } from "../../support/memory-network.ts";
import { FakeTimers } from "../transport/fake-timers.ts";
import { silentLogger as logger } from "./silent-logger.ts";

const one = "aaaaaaaa" as BoxId;
const two = "bbbbbbbb" as BoxId;

let root: string;
let network: MemoryNetwork;
let first: BlobStore;
let second: BlobStore;
let transport: MemoryTransport;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "hearth-media-"));
  network = new MemoryNetwork();
  const open = async (box: BoxId): Promise<[MemoryTransport, BlobStore]> => {
    const joined = network.join(box);
    const blobs = await openBlobs(join(root, box), { transport: joined, logger });
    await joined.start();
    return [joined, blobs];
  };
  [, first] = await open(one);
  [transport, second] = await open(two);
});
afterEach(async () => {
  await Promise.all([first.close(), second.close()]);
  await rm(root, { recursive: true });
});

async function* once(bytes: Uint8Array) {
  yield await Promise.resolve(bytes);
}

async function upload(bytes = randomBytes(200_000)): Promise<string> {
  return (await first.write(once(bytes), bytes.length)).hash;
}

const record = (hash: string): PutRecord => ({
  kind: "put",
  collection: "media",
  key: [hash],
  value: { hash, sizeBytes: 1, user: "@u:hs", created: 0 },
});

describe("boxes", () => {
  it("give each other media on demand", async () => {
    const bytes = randomBytes(200_000);
    const hash = await upload(bytes);
    const chunks: Uint8Array[] = [];
    for await (const chunk of (await second.read(hash)) ?? []) chunks.push(chunk);
    expect(Buffer.concat(chunks)).toEqual(bytes);
    expect(await second.has(hash)).toBe(true);
  });

  it("have nothing to give when they are cut off, or do not have it", async () => {
    const hash = await upload();
    network.cut(one, two);
    expect(await second.read(hash)).toBeUndefined();
    network.heal();
    expect(await second.read("0".repeat(64))).toBeUndefined();
    expect(await second.read(hash)).toBeDefined();
  });

  it("refuse wishes that are none", async () => {
    for (const wish of ["", "../../etc/passwd 0", `${"0".repeat(64)} -1`, "0".repeat(64)]) {
      const stream = transport.fetchStream(one, "blob", Buffer.from(wish), { timeoutMs: 1 });
      await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject({
        code: "refused",
      });
    }
  });
});

describe("copying", () => {
  const state = new StateStore(new MemoryStore());
  const timers = new FakeTimers();
  type Listener = (entries: readonly Flushed[]) => void;
  const start = (listeners: Listener[] = []) =>
    copyBlobs({
      blobs: second,
      ledger: { onFlushed: (listener) => void listeners.push(listener) },
      reader: state,
      transport,
      timers,
      logger,
    });
  const entry = (own: boolean, ...records: Transaction["records"]): Flushed => ({
    transaction: {
      v: 1,
      origin: "aaaaaaaa.1" as Origin,
      seq: 1,
      time: 1 as HybridTime,
      deps: {},
      prev: "",
      records,
    },
    text: "",
    topics: new Set(),
    own,
  });

  it("brings what another box was given, as soon as its record is here", async () => {
    const listeners: Listener[] = [];
    const copier = start(listeners);
    const hashes = [await upload(), await upload(), await upload()];
    for (const listener of listeners) {
      listener([
        entry(false, record(hashes[0] ?? ""), record(hashes[1] ?? "")),
        entry(true, record(hashes[2] ?? "")),
        entry(false, { ...record("x"), value: { created: 1 } }, record("../x")),
      ]);
    }
    await copier.settled();
    expect(await Promise.all(hashes.map((hash) => second.has(hash)))).toEqual([true, true, false]);
    await copier.stop();
  });

  it("tries again after a while what no box could give", async () => {
    const listeners: Listener[] = [];
    const copier = start(listeners);
    const bytes = randomBytes(1000);
    const hash = createHash("sha256").update(bytes).digest("hex");
    for (const listener of listeners) listener([entry(false, record(hash))]);
    await copier.settled();
    expect(await second.has(hash)).toBe(false);
    await upload(bytes);
    await timers.advance(60_000);
    await copier.settled();
    expect(await second.has(hash)).toBe(true);
    await copier.stop();
    expect(timers.waiting).toBe(0);
  });

  it("finds what it missed when a box comes back", async () => {
    const hashes = [await upload(), await upload()];
    const stage = state.begin();
    for (const hash of hashes) {
      const value = record(hash).value ?? null;
      const origin = "aaaaaaaa.1" as Origin;
      stage.put(puts, ["media", hash], { value, time: 1 as HybridTime, origin });
    }
    await state.commit(stage);
    network.cut(one, two);
    const copier = start();
    await copier.settled();
    expect(await second.has(hashes[0] ?? "")).toBe(false);
    network.heal();
    await new Promise((resolve) => setImmediate(resolve));
    await copier.settled();
    expect(await Promise.all(hashes.map((hash) => second.has(hash)))).toEqual([true, true]);
    await copier.stop();
  });

  it("brings anew what a reader found damaged", async () => {
    const bytes = randomBytes(1000);
    const hash = await upload(bytes);
    await second.fetch(hash);
    const path = join(root, two, "media", hash.slice(0, 2), hash.slice(2, 4), hash);
    await writeFile(path, randomBytes(1000));
    const copier = start();
    await copier.settled();
    const reading = Array.fromAsync((await second.read(hash)) ?? []);
    await expect(reading).rejects.toThrow("damaged");
    await copier.settled();
    expect(await readFile(path)).toEqual(bytes);
    await copier.stop();
  });

  it("looks at the records once for all boxes that are up when it begins", async () => {
    await network.join("cccccccc" as BoxId).start();
    await new Promise((resolve) => setImmediate(resolve));
    expect(transport.links()).toHaveLength(2);
    const looks = vi.spyOn(state, "snapshot");
    const copier = start();
    await copier.settled();
    expect(looks).toHaveBeenCalledTimes(1);
    await copier.stop();
  });
});
