import { createCipheriv, createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { createHome } from "../../bin/home/create.ts";
import type { HomeMember } from "../../bin/home/members.ts";
import { saveMembers } from "../../bin/home/members.ts";
import { homePaths } from "../../bin/home/paths.ts";
import { newSecrets } from "../../bin/home/secrets.ts";
import type { BoxId, DeviceId, UserId } from "../../core/ids.ts";
import { uploadMedia } from "../../core/media/upload-media.ts";
import type { Command } from "../../core/ports.ts";
import { BlobStore } from "../../mesh/media/blob-store.ts";
import { closeTails } from "../../mesh/replica/tail-closer.ts";
import { carryOver, checkCopy } from "../../mesh/snapshot/carry-over.ts";
import { formatOp } from "../../mesh/store/format.ts";
import { markOf, writeMark } from "../../mesh/store/mark.ts";
import { STORE_ID_KEY, isSharedKey } from "../../mesh/store/mesh-keys.ts";
import { SpareFolder } from "../../mesh/store/spare-folder.ts";
import { hashOfEntry } from "../../mesh/journal/entry.ts";
import { originOf } from "../../core/vector.ts";
import { boxOnDisk, repairedBox } from "../support/box-on-disk.ts";
import type { BoxOnDisk } from "../support/box-on-disk.ts";
import { oneBox, TEST_SERVER } from "../support/one-box.ts";

/** What somebody was told is done, and must be there after a crash. */
export type Promised =
  | { readonly entry: { readonly origin: string; readonly seq: number; readonly hash: string } }
  | { readonly blob: string }
  | { readonly name: string; readonly owner: string }
  | { readonly members: number }
  | { readonly home: true };

/** One way in which a box writes to its disk, from a first state to a last one. */
export interface StoragePath {
  readonly name: string;
  /** Makes the first state; without it the home is empty. */
  readonly prepare?: (home: string) => Promise<void>;
  readonly run: (home: string, promise: (done: Promised) => void) => Promise<void>;
  /** The first state is that of a damaged store; else no crash may make the box take it for damaged. */
  readonly isDamaged?: true;
  /** Of so many crashes one is tried, where all would take minutes. */
  readonly thin?: number;
}

const ALICE = `@alice:${TEST_SERVER}` as UserId;
const DEVICE = "DEVICE" as DeviceId;
const OTHER = "bbbbbbbb" as BoxId;

/** Each start makes one table of the log; LevelDB merges four. */
const TABLES_TO_MERGE = 3;
/** Of 45 kB each, several times over in journal, document and tables: more than 8 MiB. */
const FULL_BUFFER_NOTES = 70;

const note: Command<string, void> = (draft, text) =>
  draft.setField("mesh", "notes", text, { text });

/** A text that is long. */
const longNote: Command<readonly [key: string, text: string], void> = (draft, [key, text]) =>
  draft.setField("mesh", "notes", key, { text });

/** The newest own entry, which is on disk. */
function newestOf({ node, store }: BoxOnDisk): Promised {
  const { origin, seq } = node.ledger.lastOwn ?? { origin: node.ledger.life, seq: 0 };
  const row = store.get(`j/${origin}/${seq.toString(16).padStart(8, "0")}`) ?? "";
  return { entry: { origin, seq, hash: hashOfEntry(row) } };
}

async function homeWith(home: string, notes: number): Promise<void> {
  const box = await boxOnDisk(home);
  for (let i = 0; i < notes; i++) await box.node.runner.run(note, `before ${i}`);
  await box.stop();
}

const firstStart: StoragePath = {
  name: "the first start of a home",
  run: async (home, promise) => {
    const box = await boxOnDisk(home);
    promise(newestOf(box));
    await box.node.runner.run(note, "first");
    promise(newestOf(box));
    await box.stop();
  },
};

const startAndStop: StoragePath = {
  name: "a start, which moves the log into a table, and a stop",
  prepare: (home) => homeWith(home, 12),
  run: async (home, promise) => {
    const box = await boxOnDisk(home);
    promise(newestOf(box));
    await box.stop();
  },
};

const merge: StoragePath = {
  name: "a start at which LevelDB merges its tables",
  prepare: async (home) => {
    for (let i = 0; i < TABLES_TO_MERGE; i++) await homeWith(home, 6);
  },
  run: async (home, promise) => {
    const box = await boxOnDisk(home);
    await box.node.runner.run(note, "while it merges");
    promise(newestOf(box));
    await box.stop();
  },
};

const fullBuffer: StoragePath = {
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

const commits: StoragePath = {
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

const largeCommits: StoragePath = {
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

const fromOthers: StoragePath = {
  name: "entries of another box",
  prepare: (home) => homeWith(home, 1),
  run: async (home, promise) => {
    const other = await oneBox({ box: OTHER });
    for (let i = 0; i < 12; i++) await other.node.runner.run(note, `from elsewhere ${i}`);
    const { life } = other.node.ledger;
    const texts = await other.node.ledger.read(life, 1, 100);
    const box = await boxOnDisk(home);
    for (let at = 0; at < texts.length; at += 4) {
      const batch = texts.slice(at, at + 4);
      await box.node.replicator.take(batch);
      const hash = hashOfEntry(batch.at(-1) ?? "");
      promise({ entry: { origin: life, seq: at + batch.length, hash } });
    }
    await box.stop();
    await other.stop();
  },
};

const documents: StoragePath = {
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

const queues: StoragePath = {
  name: "to-device messages that are acknowledged and deleted",
  prepare: (home) => homeWith(home, 1),
  run: async (home, promise) => {
    const box = await boxOnDisk(home);
    const send: Command<number, void> = (draft, n) =>
      draft.sendToDevice(ALICE, DEVICE, { id: `m${n}`, sender: ALICE, type: "t", content: { n } });
    const acknowledge: Command<undefined, void> = (draft) =>
      draft.acknowledgeToDevice(ALICE, DEVICE, box.node.ledger.vector);
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 3; i++) await box.node.runner.run(send, round * 10 + i);
      await box.node.runner.run(acknowledge, undefined);
      await box.node.pruner.settled();
      promise(newestOf(box));
    }
    await box.stop();
  },
};

const names: StoragePath = {
  name: "names that are given away",
  prepare: (home) => homeWith(home, 1),
  run: async (home, promise) => {
    const box = await boxOnDisk(home);
    for (let i = 0; i < 4; i++) {
      const name = `@user${i}:${TEST_SERVER}`;
      await box.services.claims.claim("user", name, "its owner");
      promise({ name, owner: "its owner" });
    }
    await box.stop();
  },
};

/** SHA-256 of `chunksOf(99)`. */
const FETCHED_HASH = "e284a9f5ac10286faf1706a33f5df2dcf0c1e389e6961f1927ce672423563984";

async function* chunksOf(seed: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < 4; i++) yield Buffer.alloc(3000, `${seed} ${i} `);
}

const uploads: StoragePath = {
  name: "uploads, and content fetched from another box",
  prepare: (home) => homeWith(home, 1),
  run: async (home, promise) => {
    const quiet = (): void => undefined;
    const blobs = await BlobStore.open(join(home, "media"), {
      sizeBytesMax: 1_000_000,
      fetchFrom: (_hash, offset, attempt) =>
        attempt === 0 && offset === 0 ? chunksOf(99) : undefined,
      logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
      freeBytes: () => Promise.resolve(2 ** 40),
    });
    const box = await boxOnDisk(home, { blobs });
    for (let i = 0; i < 3; i++) {
      await uploadMedia(box.services, {
        user: ALICE,
        body: chunksOf(i),
        contentType: "text/plain",
        fileName: undefined,
      });
      promise(newestOf(box));
    }
    if (!(await blobs.fetch(FETCHED_HASH))) throw new Error("the content has another hash");
    promise({ blob: FETCHED_HASH });
    await blobs.close();
    await box.stop();
  },
};
const MEMBER: HomeMember = { box: OTHER, name: "attic", peerId: "peer", addresses: ["10.0.0.1:1"] };

const home: StoragePath = {
  name: "a home that is made, and its list of members",
  run: async (folder, promise) => {
    const path = join(folder, "home");
    const config = { server_name: TEST_SERVER, "box.name": "kitchen" };
    const secrets = newSecrets((length) => new Uint8Array(length).fill(7));
    createHome({ home: path, secrets, members: [], config });
    promise({ home: true });
    for (let i = 1; i <= 3; i++) {
      const members = Array.from({ length: i }, (_, n) => ({ ...MEMBER, name: `box${n}` }));
      saveMembers(homePaths(path).members, members);
      promise({ members: i });
    }
  },
};

/** A store whose head file is gone; its journal can be read all the same. */
const repair: StoragePath = {
  name: "a damaged store that is set aside and repaired",
  isDamaged: true,
  prepare: async (folder) => {
    await homeWith(folder, 8);
    await rm(join(folder, "store", "CURRENT"));
  },
  run: async (folder, promise) => {
    const box = await repairedBox(folder);
    promise(newestOf(box));
    await box.stop();
  },
};

/** What a box does that copies another one's store; here the rows come from its own. */
const copy: StoragePath = {
  name: "a copy of a store that takes the place of the old one",
  prepare: (folder) => homeWith(folder, 8),
  run: async (folder, promise) => {
    const box = await boxOnDisk(folder);
    promise(newestOf(box));
    const spare = new SpareFolder(folder);
    const copied = await spare.begin(await box.store.sizeBytes());
    const rows = await box.store.range({ limit: 10_000 });
    const shared = rows.filter(([key]) => isSharedKey(key));
    const name = { type: "put", key: STORE_ID_KEY, value: "copy" } as const;
    await copied.batch([name, formatOp()]);
    await copied.batch(shared.map(([key, value]) => ({ type: "put", key, value }) as const));
    await checkCopy(copied, box.node.ledger.vector);
    await box.node.runner.run(note, "while it was copied");
    promise(newestOf(box));
    await carryOver(box.store, copied);
    await copied.close();
    await box.stop();
    await spare.swap();
    const next = await boxOnDisk(folder);
    await next.node.runner.run(note, "on the copy");
    promise(newestOf(next));
    await next.stop();
  },
};

export const STORAGE_PATHS: readonly StoragePath[] = [
  firstStart,
  startAndStop,
  merge,
  commits,
  largeCommits,
  fullBuffer,
  fromOthers,
  documents,
  queues,
  names,
  uploads,
  home,
  repair,
  copy,
];
