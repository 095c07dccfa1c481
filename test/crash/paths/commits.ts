import { createCipheriv, createHash } from "node:crypto";
import { originOf } from "../../../core/vector.ts";
import { closeTails } from "../../../mesh/replica/tail-closer.ts";
import { markOf, writeMark } from "../../../mesh/store/mark.ts";
import { boxOnDisk } from "../../support/box-on-disk.ts";
import { homeWith, longNote, newestOf, note, OTHER } from "../storage-path.ts";
import type { StoragePath } from "../storage-path.ts";

/** Of 45 kB each, several times over in journal, document and tables: more than 8 MiB. */
const FULL_BUFFER_NOTES = 70;

export const commits: StoragePath = {
  name: "commits, one by one and in groups, and marks between them",
  prepare: (home) => homeWith(home, 3),
  run: async (home, promise) => {
    const box = await boxOnDisk(home);
    for (let i = 0; i < 4; i++) {
      await box.node.runner.run(note, `alone ${i}`);
      promise(newestOf(box));
    }
    await writeMark(home, markOf(box.store));
    for (let i = 0; i < 3; i++) {
      const group = Array.from({ length: 6 }, (_, n) => box.node.runner.run(note, `${i} ${n}`));
      await Promise.all(group);
      promise(newestOf(box));
      await writeMark(home, markOf(box.store));
    }
    const tails = [{ origin: originOf(OTHER, 7), seq: 3 }];
    await box.node.runner.run(closeTails, tails);
    promise(newestOf(box));
    await box.stop();
  },
};

export const largeCommits: StoragePath = {
  name: "commits that are larger than LevelDB's blocks",
  prepare: (home) => homeWith(home, 1),
  run: async (home, promise) => {
    const box = await boxOnDisk(home);
    for (let i = 0; i < 4; i++) {
      await box.node.runner.run(longNote, [`long ${i}`, "x".repeat(45_000)]);
      promise(newestOf(box));
    }
    await box.stop();
  },
};

export const fullBuffer: StoragePath = {
  name: "a full write buffer, which becomes a table while writes go on",
  thin: 100,
  prepare: (home) => homeWith(home, 1),
  run: async (home, promise) => {
    const box = await boxOnDisk(home);
    for (let i = 0; i < FULL_BUFFER_NOTES; i++) {
      await box.node.runner.run(longNote, [`long ${i}`, draw(i)]);
      promise(newestOf(box));
    }
    await box.stop();
  },
};

/** A long text that does not compress. */
function draw(seed: number): string {
  const key = createHash("sha256").update(String(seed)).digest();
  const cipher = createCipheriv("aes-256-ctr", key, Buffer.alloc(16));
  return cipher.update(Buffer.alloc(30_000)).toString("base64");
}

export const documents: StoragePath = {
  name: "a document whose changes become a snapshot",
  prepare: (home) => homeWith(home, 120),
  run: async (home, promise) => {
    const box = await boxOnDisk(home);
    for (let i = 0; i < 12; i++) {
      await box.node.runner.run(note, `more ${i}`);
      promise(newestOf(box));
    }
    await box.stop();
  },
};
