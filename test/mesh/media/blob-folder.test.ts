import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { BlobFiles } from "../../../mesh/media/blob-files.ts";
import type { BlobFolder } from "../../../mesh/media/blob-folder.ts";
import { MemoryBlobs } from "../../support/memory-blobs.ts";

const content = randomBytes(200_000);
const hash = createHash("sha256").update(content).digest("hex");

let root: string;
let folders = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "hearth-blob-folder-"));
});
afterAll(async () => {
  await rm(root, { recursive: true });
});

const KINDS: [string, () => Promise<BlobFolder>][] = [
  ["files", () => BlobFiles.open(join(root, String(folders++)))],
  ["memory", () => Promise.resolve(new MemoryBlobs())],
];

describe.each(KINDS)("content in %s", (_kind, open) => {
  let folder: BlobFolder;
  beforeEach(async () => {
    folder = await open();
  });

  async function put(bytes: Buffer): Promise<string> {
    const draft = await folder.draft();
    await draft.append(bytes);
    const name = draft.hash();
    await draft.keep(name);
    return name;
  }

  async function bytesFrom(name: string, offset: number): Promise<Buffer | undefined> {
    const stream = await folder.read(name, offset);
    return stream && Buffer.concat(await Array.fromAsync(stream));
  }

  it("is there once it is kept, under the hash of all that was appended", async () => {
    const draft = await folder.draft();
    await draft.append(content.subarray(0, 70_000));
    await draft.append(content.subarray(70_000));
    expect([draft.sizeBytes, draft.hash()]).toEqual([content.length, hash]);
    expect(await folder.has(hash)).toBe(false);
    await draft.keep(hash);
    expect(await folder.has(hash)).toBe(true);
    expect(await bytesFrom(hash, 0)).toEqual(content);
  });

  it("is read from anywhere to its end, and not at all where it is not", async () => {
    await put(content);
    expect(await bytesFrom(hash, 150_000)).toEqual(content.subarray(150_000));
    expect(await bytesFrom(hash, content.length)).toEqual(Buffer.alloc(0));
    expect(await bytesFrom("0".repeat(64), 0)).toBeUndefined();
  });

  it("leaves nothing when it is discarded or removed", async () => {
    const draft = await folder.draft();
    await draft.append(content);
    await draft.discard();
    await put(content);
    await folder.remove(hash);
    await folder.remove(hash);
    expect(await folder.has(hash)).toBe(false);
    expect(await Array.fromAsync(folder.list())).toEqual([]);
  });

  it("is listed in order, each once", async () => {
    const names = new Set<string>();
    for (let i = 0; i < 5; i++) names.add(await put(randomBytes(10)));
    await put(content);
    await put(content);
    expect(await Array.fromAsync(folder.list())).toEqual([...names, hash].toSorted());
  });

  it("fits on the disk", async () => {
    expect(await folder.freeBytes()).toBeGreaterThan(0);
  });
});
