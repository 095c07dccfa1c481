import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { BlobFiles } from "../../../mesh/media/blob-files.ts";
import { BlobStore } from "../../../mesh/media/blob-store.ts";
import { MemoryBlobs } from "../../support/memory-blobs.ts";
import { silentLogger } from "./silent-logger.ts";
import type { FetchBlob } from "../../../mesh/media/blob-store.ts";

const MIB = 1024 * 1024;
const content = randomBytes(300_000);
const hash = createHash("sha256").update(content).digest("hex");
const nobody: FetchBlob = () => undefined;

let root: string;
let folder: string;
let folders = 0;
const opened: BlobStore[] = [];
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "hearth-blobs-"));
});
afterAll(async () => {
  await rm(root, { recursive: true });
});
beforeEach(() => {
  folder = join(root, `media${folders++}`);
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((blobs) => blobs.close()));
});

async function open(fetchFrom: FetchBlob = nobody, freeBytes = 1024 * MIB): Promise<BlobStore> {
  const files = await BlobFiles.open(folder, () => Promise.resolve(freeBytes));
  const blobs = new BlobStore(files, { sizeBytesMax: 1 * MIB, fetchFrom, logger: silentLogger });
  opened.push(blobs);
  return blobs;
}

async function* chunksOf(bytes: Uint8Array, size = 50_000, failAt = Infinity) {
  for (let at = 0; at < bytes.length; at += size) {
    if (at >= failAt) throw new Error("the link went down");
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}

async function bytesOf(stream: AsyncIterable<Uint8Array> | undefined): Promise<Buffer | undefined> {
  return stream && Buffer.concat(await listOf(stream));
}

async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const pathOf = (of: string): string => join(folder, of.slice(0, 2), of.slice(2, 4), of);
const partial = (): Promise<string[]> => readdir(join(folder, "partial"));

describe("writing", () => {
  it("keeps content under its hash, once", async () => {
    const blobs = await open();
    for (let i = 0; i < 2; i++) {
      expect(await blobs.write(chunksOf(content), MIB)).toEqual({ hash, sizeBytes: 300_000 });
    }
    expect(await blobs.has(hash)).toBe(true);
    expect(await bytesOf(await blobs.read(hash))).toEqual(content);
    expect(await readFile(pathOf(hash))).toEqual(content);
    expect(await partial()).toEqual([]);
  });

  it("takes empty content", async () => {
    const blobs = await open();
    const empty = await blobs.write(chunksOf(new Uint8Array()), MIB);
    expect(await bytesOf(await blobs.read(empty.hash))).toEqual(Buffer.alloc(0));
  });

  it("leaves nothing of content that is too large or breaks off", async () => {
    const blobs = await open();
    await expect(blobs.write(chunksOf(content), 299_999)).rejects.toMatchObject({ status: 413 });
    await expect(blobs.write(chunksOf(content, 50_000, 100_000), MIB)).rejects.toThrow("link");
    expect(await blobs.has(hash)).toBe(false);
    expect(await partial()).toEqual([]);
  });

  it("is refused while the disk is nearly full", async () => {
    const blobs = await open(nobody, 1 * MIB);
    await expect(blobs.write(chunksOf(content), MIB)).rejects.toMatchObject({ status: 503 });
  });

  it.each(["ENOSPC", "EROFS", "EIO"])(
    "is refused with 503 by a disk that says %s",
    async (code) => {
      const beforeKeep = (): Promise<void> => Promise.reject(Object.assign(new Error(), { code }));
      const fetchFrom = (): AsyncIterable<Uint8Array> => chunksOf(content);
      const options = { sizeBytesMax: MIB, fetchFrom, logger: silentLogger };
      const blobs = new BlobStore(new MemoryBlobs(new Map(), { beforeKeep }), options);
      await expect(blobs.write(chunksOf(content), MIB)).rejects.toMatchObject({ status: 503 });
      await expect(blobs.read(hash)).rejects.toMatchObject({ status: 503 });
    },
  );

  it("forgets what was unfinished at the last stop, and knows the rest again", async () => {
    const before = await open();
    await before.write(chunksOf(content), MIB);
    await writeFile(join(folder, "partial", "left over"), "x");
    const after = await open();
    expect(await partial()).toEqual([]);
    expect(await listOf(after.list())).toEqual([hash]);
  });

  it("lists everything in order", async () => {
    const blobs = await open();
    const hashes: string[] = [];
    for (let i = 0; i < 20; i++) {
      hashes.push((await blobs.write(chunksOf(randomBytes(10)), MIB)).hash);
    }
    expect(await listOf(blobs.list())).toEqual(hashes.toSorted());
  });
});

describe("reading", () => {
  it("answers names that are no hashes with nothing", async () => {
    const blobs = await open(() => chunksOf(content));
    for (const name of ["", "..", hash.toUpperCase(), `../${hash}`, hash.slice(1)]) {
      expect(await blobs.read(name)).toBeUndefined();
      expect(await blobs.has(name)).toBe(false);
      expect(await blobs.readLocal(name, 0)).toBeUndefined();
    }
  });

  it("holds back the end of damaged content, and gets another copy the next time", async () => {
    const blobs = await open(() => chunksOf(content));
    await blobs.write(chunksOf(content), MIB);
    const damaged = Buffer.from(content);
    damaged[1000] = (damaged[1000] ?? 0) ^ 1;
    await writeFile(pathOf(hash), damaged);
    await expect(bytesOf(await blobs.read(hash))).rejects.toThrow("damaged");
    expect(await bytesOf(await blobs.read(hash))).toEqual(content);
  });

  it("serves another box from where it stopped, and only what is here", async () => {
    let asked = 0;
    const blobs = await open(() => {
      asked++;
      return undefined;
    });
    await blobs.write(chunksOf(content), MIB);
    expect(await bytesOf(await blobs.readLocal(hash, 299_990))).toEqual(content.subarray(299_990));
    expect(await bytesOf(await blobs.readLocal(hash, 400_000))).toEqual(Buffer.alloc(0));
    expect(await blobs.readLocal("0".repeat(64), 0)).toBeUndefined();
    expect(asked).toBe(0);
  });
});

describe("fetching", () => {
  it("brings content here for good, in one fetch for all who ask", async () => {
    let asked = 0;
    const blobs = await open(() => {
      asked++;
      return chunksOf(content);
    });
    const read = await Promise.all([blobs.read(hash), blobs.read(hash), blobs.fetch(hash)]);
    expect(await bytesOf(read[0])).toEqual(content);
    expect(await bytesOf(await blobs.read(hash))).toEqual(content);
    expect(asked).toBe(1);
  });

  it("goes on where a cut stopped it", async () => {
    const offsets: number[] = [];
    const blobs = await open((_, offset, attempt) => {
      offsets.push(offset);
      return chunksOf(content.subarray(offset), 50_000, attempt < 2 ? 100_000 : Infinity);
    });
    expect(await bytesOf(await blobs.read(hash))).toEqual(content);
    expect(offsets).toEqual([0, 100_000, 200_000]);
  });

  it("goes on later when nobody was left to ask", async () => {
    let up = false;
    const offsets: number[] = [];
    const blobs = await open((_, offset, attempt) => {
      offsets.push(offset);
      if (up) return chunksOf(content.subarray(offset));
      return attempt === 0 ? chunksOf(content, 50_000, 150_000) : undefined;
    });
    expect(await blobs.read(hash)).toBeUndefined();
    up = true;
    expect(await bytesOf(await blobs.read(hash))).toEqual(content);
    expect(offsets).toEqual([0, 150_000, 150_000]);
  });

  it("serves no bytes that do not match, and asks the next box from the start", async () => {
    const offsets: number[] = [];
    const blobs = await open((_, offset, attempt) => {
      offsets.push(offset);
      if (attempt === 0) return chunksOf(randomBytes(1000));
      return attempt === 1 ? chunksOf(randomBytes(2 * MIB)) : chunksOf(content);
    });
    expect(await bytesOf(await blobs.read(hash))).toEqual(content);
    expect(offsets).toEqual([0, 0, 0]);
  });

  it("gives up after a bounded number of bad answers", async () => {
    let asked = 0;
    const blobs = await open(() => {
      asked++;
      return chunksOf(randomBytes(10));
    });
    expect(await blobs.read(hash)).toBeUndefined();
    expect(asked).toBe(8);
    expect(await partial()).toEqual([]);
  });
});
