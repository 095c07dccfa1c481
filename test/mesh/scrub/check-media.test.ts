import { describe, expect, it } from "vitest";
import { BlobStore } from "../../../mesh/media/blob-store.ts";
import { checkMedia } from "../../../mesh/scrub/check-media.ts";
import { QUIET } from "../../support/box-on-disk.ts";
import { MemoryBlobs } from "../../support/memory-blobs.ts";
import { run } from "./level-tables.ts";

const PICTURES = 20;
const BYTES = 1000;

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function album(begin: number) {
  const kept = new Map<string, Uint8Array>();
  const options = { sizeBytesMax: BYTES, fetchFrom: () => undefined, logger: QUIET };
  const folder = new MemoryBlobs(kept);
  const blobs = new BlobStore(folder, options);
  const hashes: string[] = [];
  for (let i = 0; i < PICTURES; i++) {
    hashes.push((await blobs.write(once(new Uint8Array(BYTES).fill(i)), BYTES)).hash);
  }
  const lost: string[] = [];
  const unread: unknown[] = [];
  const random = { bytes: () => Uint8Array.of(begin) };
  const told = {
    lost: (hash: string) => void lost.push(hash),
    unread: (e: unknown) => void unread.push(e),
  };
  const check = () => run(checkMedia(blobs, random, told));
  return { kept, folder, hashes, lost, unread, check };
}

describe("media on the disk", () => {
  it.each([0, 0x7f, 0xff])("is read whole, wherever the reading begins (%d)", async (begin) => {
    const { check, kept, lost } = await album(begin);
    expect((await check()).bytes).toBe(PICTURES * BYTES);
    expect([kept.size, lost]).toEqual([PICTURES, []]);
  });

  it("goes when it is damaged, so that another box's copy is fetched, and the rest stays", async () => {
    const { check, kept, lost, hashes } = await album(0x40);
    const bad = hashes.slice(3, 5);
    for (const hash of bad) kept.set(hash, new Uint8Array(BYTES).fill(0xee));
    await check();
    expect(lost.toSorted()).toEqual(bad.toSorted());
    expect([...kept.keys()].toSorted()).toEqual(
      hashes.filter((hash) => !bad.includes(hash)).toSorted(),
    );
  });

  it("stays when the disk does not read it, or was wrong only once", async () => {
    const { check, folder, kept, lost, unread, hashes } = await album(0);
    const [failing, odd] = hashes;
    const read = folder.read.bind(folder);
    let looks = 0;
    folder.read = async (hash, offset) => {
      if (hash === failing) throw new Error("EIO: i/o error");
      return hash === odd && looks++ === 0 ? once(new Uint8Array(3)) : read(hash, offset);
    };
    await check();
    expect([kept.size, lost, unread.length, looks]).toEqual([PICTURES, [], 1, 2]);
  });
});
