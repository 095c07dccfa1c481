import { createHash, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { BlobStore } from "../../../mesh/media/blob-store.ts";
import type { FetchBlob } from "../../../mesh/media/blob-store.ts";
import { MemoryBlobs } from "../../support/memory-blobs.ts";
import type { MemoryBlobFaults } from "../../support/memory-blobs.ts";
import { silentLogger as logger } from "./silent-logger.ts";

const MIB = 1024 * 1024;
const content = randomBytes(300_000);
const hash = createHash("sha256").update(content).digest("hex");
const damaged = Buffer.from(content).fill(0, 1000, 1010);
const nobody: FetchBlob = () => undefined;

function open(fetchFrom: FetchBlob = nobody, faults: MemoryBlobFaults = {}) {
  const kept = new Map<string, Uint8Array>();
  const folder = new MemoryBlobs(kept, faults);
  const blobs = new BlobStore(folder, { sizeBytesMax: 64 * MIB, fetchFrom, logger });
  const lost: string[] = [];
  blobs.onLost((gone) => void lost.push(gone));
  return { kept, folder, blobs, lost };
}

async function* chunksOf(bytes: Uint8Array, ended = (): void => undefined) {
  try {
    for (let at = 0; at < bytes.length; at += 50_000) {
      yield await Promise.resolve(bytes.subarray(at, at + 50_000));
    }
  } finally {
    ended();
  }
}

async function bytesOf(stream: AsyncIterable<Uint8Array> | undefined): Promise<Buffer | undefined> {
  return stream && Buffer.concat(await Array.fromAsync(stream));
}

async function checked(steps: AsyncGenerator<number, boolean>): Promise<boolean> {
  for (;;) {
    const { done, value } = await steps.next();
    if (done === true) return value;
  }
}

const failsOnce = (code: string, afterCalls: number): (() => Promise<void>) => {
  let calls = 0;
  return async () => {
    if (calls++ === afterCalls) throw Object.assign(new Error(code), { code });
  };
};

describe("a disk that refuses", () => {
  it.each([
    ["breaks off in the middle", { beforeAppend: failsOnce("ENOSPC", 3) }],
    ["comes to nothing at its end", { beforeKeep: failsOnce("EIO", 0) }],
  ])("keeps nothing of a fetch that %s, and the next one begins anew", async (_what, faults) => {
    const offsets: number[] = [];
    let ended = 0;
    const { blobs, folder } = open((_hash, offset) => {
      offsets.push(offset);
      return chunksOf(content.subarray(offset), () => ended++);
    }, faults);
    await expect(blobs.fetch(hash)).rejects.toMatchObject({ status: 503 });
    expect([folder.draftsLeft, ended]).toEqual([0, 1]);
    expect(await bytesOf(await blobs.read(hash))).toEqual(content);
    expect([folder.draftsLeft, offsets]).toEqual([0, [0, 0]]);
  });

  it("keeps nothing of an upload", async () => {
    for (const faults of [
      { beforeAppend: failsOnce("ENOSPC", 3) },
      { beforeKeep: failsOnce("EIO", 0) },
    ]) {
      const { blobs, folder } = open(nobody, faults);
      const writing = blobs.write(chunksOf(content), MIB);
      await expect(writing).rejects.toMatchObject({ status: 503 });
      expect(folder.draftsLeft).toBe(0);
    }
  });
});

describe("a disk that fills up", () => {
  const large = randomBytes(16 * MIB);
  const largeHash = createHash("sha256").update(large).digest("hex");
  /** As if others wrote as much at the same time. */
  function filling() {
    let freeBytes = 263 * MIB;
    return {
      freeBytes: () => freeBytes,
      beforeAppend: async () => void (freeBytes -= 100_000),
    };
  }

  it("ends an upload before the reserve is gone, and takes a smaller one", async () => {
    const faults = filling();
    const { blobs, folder } = open(nobody, faults);
    const writing = blobs.write(chunksOf(large), 64 * MIB);
    await expect(writing).rejects.toMatchObject({ status: 503 });
    expect(folder.draftsLeft).toBe(0);
    expect(faults.freeBytes()).toBeGreaterThan(250 * MIB);
    const { blobs: other } = open(nobody, filling());
    expect(await other.write(chunksOf(content), MIB)).toMatchObject({ hash });
  });

  it("ends a fetch before the reserve is gone", async () => {
    const faults = filling();
    const { blobs, folder } = open(() => chunksOf(large), faults);
    await expect(blobs.fetch(largeHash)).rejects.toMatchObject({ status: 503 });
    expect(folder.draftsLeft).toBe(0);
    expect(faults.freeBytes()).toBeGreaterThan(250 * MIB);
  });

  it("is not filled with what is known not to fit, except for the part that is there", async () => {
    let freeBytes = 260 * MIB;
    let asked = 0;
    const { blobs } = open(
      (_hash, offset, attempt) => {
        asked++;
        if (freeBytes < 260 * MIB) return chunksOf(large.subarray(offset));
        return attempt === 0 ? broken(large.subarray(0, 12 * MIB)) : undefined;
      },
      { freeBytes: () => freeBytes },
    );
    await expect(blobs.fetch(largeHash, large.length)).rejects.toMatchObject({ status: 503 });
    expect(asked).toBe(0);
    expect(await blobs.fetch(largeHash)).toBe(false);
    freeBytes = 259 * MIB;
    await expect(blobs.fetch(largeHash, large.length)).rejects.toMatchObject({ status: 503 });
    freeBytes = 260 * MIB - 1;
    expect(await blobs.fetch(largeHash, large.length - 1)).toBe(true);
  });

  async function* broken(bytes: Uint8Array) {
    yield* chunksOf(bytes);
    throw new Error("the link went down");
  }
});

describe("content that a reader got wrongly", () => {
  it("stays when it was wrong only once, and is served right the next time", async () => {
    const { blobs, kept, folder, lost } = open();
    kept.set(hash, content);
    const read = folder.read.bind(folder);
    folder.read = async () => {
      folder.read = read;
      return chunksOf(damaged);
    };
    await expect(bytesOf(await blobs.read(hash))).rejects.toMatchObject({ status: 503 });
    expect(await bytesOf(await blobs.read(hash))).toEqual(content);
    expect(lost).toEqual([]);
  });

  it("goes when it is damaged, and whoever copies is told", async () => {
    const { blobs, kept, lost } = open();
    kept.set(hash, damaged);
    await expect(bytesOf(await blobs.read(hash))).rejects.toThrow("damaged");
    expect([kept.size, lost]).toEqual([0, [hash]]);
  });

  it("stays when it cannot be looked at again", async () => {
    const { blobs, kept, folder, lost } = open();
    kept.set(hash, damaged);
    const bytes = await blobs.read(hash);
    folder.read = () => Promise.reject(Object.assign(new Error("EIO"), { code: "EIO" }));
    await expect(bytesOf(bytes)).rejects.toMatchObject({ status: 503 });
    expect([kept.size, lost]).toEqual([1, []]);
  });

  it("stays when a whole copy has come since the reader began", async () => {
    const { blobs, kept, lost } = open(() => chunksOf(content));
    kept.set(hash, damaged);
    const slow = (await blobs.read(hash))?.[Symbol.asyncIterator]();
    await slow?.next();
    await expect(bytesOf(await blobs.read(hash))).rejects.toThrow("damaged");
    expect(await blobs.fetch(hash)).toBe(true);
    const rest = (async () => {
      while ((await slow?.next())?.done === false);
    })();
    await expect(rest).rejects.toMatchObject({ status: 503 });
    expect(kept.get(hash)).toEqual(content);
    expect(lost).toEqual([hash]);
  });
});

describe("the check of a file that is slow", () => {
  /** A check that has read the damaged file once, and begun to read it again. */
  async function slowCheck(blobs: BlobStore) {
    const steps = blobs.check(hash);
    for (let read = 0; read <= content.length;) {
      const { value } = await steps.next();
      read += Number(value);
    }
    return steps;
  }

  it("leaves the whole copy that has come meanwhile", async () => {
    const { blobs, kept, lost } = open(() => chunksOf(content));
    kept.set(hash, damaged);
    const slow = await slowCheck(blobs);
    expect(await checked(blobs.check(hash))).toBe(false);
    expect(await blobs.fetch(hash)).toBe(true);
    expect(await checked(slow)).toBe(true);
    expect(kept.get(hash)).toEqual(content);
    expect(lost).toEqual([hash]);
  });

  it("leaves the whole copy that is just being kept", async () => {
    const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
    const { promise: isThere, resolve: named } = Promise.withResolvers<void>();
    const afterKeep = (): Promise<void> => {
      named();
      return mayEnd;
    };
    const { blobs, kept } = open(nobody, { afterKeep });
    kept.set(hash, damaged);
    const slow = await slowCheck(blobs);
    const writing = blobs.write(chunksOf(content), MIB);
    await isThere;
    expect(await checked(slow)).toBe(true);
    end();
    await writing;
    expect(kept.get(hash)).toEqual(content);
  });

  it("removes what is still damaged, whatever else has come", async () => {
    const { blobs, kept } = open();
    kept.set(hash, damaged);
    const slow = await slowCheck(blobs);
    await blobs.write(chunksOf(randomBytes(1000)), MIB);
    expect(await checked(slow)).toBe(false);
    expect(kept.has(hash)).toBe(false);
  });
});
