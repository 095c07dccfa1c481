import { existsSync } from "node:fs";
import { join } from "node:path";
import { createHome, prepareHome } from "../../../bin/home/create.ts";
import { encodeJoinGrant } from "../../../bin/home/join-grant.ts";
import type { HomeMember } from "../../../bin/home/members.ts";
import { saveMembers } from "../../../bin/home/members.ts";
import { homePaths } from "../../../bin/home/paths.ts";
import { seedToJoinWith } from "../../../bin/home/joining-seed.ts";
import { loadSecrets, newSecrets } from "../../../bin/home/secrets.ts";
import type { JoinRequest } from "../../../bin/meshctl/join-home.ts";
import { joinHome } from "../../../bin/meshctl/join-home.ts";
import { uploadMedia } from "../../../core/media/upload-media.ts";
import { BlobFiles } from "../../../mesh/media/blob-files.ts";
import { BlobStore } from "../../../mesh/media/blob-store.ts";
import { boxOnDisk, QUIET } from "../../support/box-on-disk.ts";
import { TEST_SERVER } from "../../support/one-box.ts";
import { ALICE, homeWith, newestOf, OTHER } from "../storage-path.ts";
import type { StoragePath } from "../storage-path.ts";

/** SHA-256 of `chunksOf(99)`. */
const FETCHED_HASH = "e284a9f5ac10286faf1706a33f5df2dcf0c1e389e6961f1927ce672423563984";

async function* chunksOf(seed: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < 4; i++) yield Buffer.alloc(3000, `${seed} ${i} `);
}

export const uploads: StoragePath = {
  name: "uploads, and content fetched from another box",
  prepare: (home) => homeWith(home, 1),
  run: async (home, promise) => {
    const files = await BlobFiles.open(join(home, "media"), () => Promise.resolve(2 ** 40));
    const blobs = new BlobStore(files, {
      sizeBytesMax: 1_000_000,
      fetchFrom: (_hash, offset, attempt) =>
        attempt === 0 && offset === 0 ? chunksOf(99) : undefined,
      logger: QUIET,
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
const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(7);

export const home: StoragePath = {
  name: "a home that is made, and its list of members",
  run: async (folder, promise) => {
    const path = join(folder, "home");
    const config = { server_name: TEST_SERVER, "box.name": "kitchen" };
    createHome({ home: path, secrets: newSecrets(bytes), members: [], config });
    promise({ home: true });
    for (let i = 1; i <= 3; i++) {
      const members = Array.from({ length: i }, (_, n) => ({ ...MEMBER, name: `box${n}` }));
      saveMembers(homePaths(path).members, members);
      promise({ members: i });
    }
  },
};

export const joinedHome: StoragePath = {
  name: "a home that joins a mesh: identity, secrets, members",
  run: async (folder, promise) => {
    const secrets = newSecrets(bytes);
    const grant = { serverName: TEST_SERVER, secrets, members: [MEMBER] };
    const about = { code: "code", name: "kitchen", addresses: [], config: {} };
    const requestJoin = ({ boxSeed }: JoinRequest): Promise<Uint8Array> => {
      promise({ asked: hex(boxSeed) });
      return Promise.resolve(encodeJoinGrant(grant));
    };
    await joinHome({ home: join(folder, "home"), ...about }, { requestJoin, random: bytes });
    promise({ home: true });
    promise({ members: 1 });
  },
  faults: async (folder, promised) => {
    const asked = promised.flatMap((done) => ("asked" in done ? [done.asked] : []));
    if (asked.length === 0) return [];
    try {
      const seed = hex(await seedAfter(join(folder, "home")));
      return asked.includes(seed) ? [] : ["the box asks to join as another one"];
    } catch (error) {
      return [`the box cannot ask to join: ${(error as Error).message}`];
    }
  },
};

const hex = (seed: Uint8Array): string => Buffer.from(seed).toString("hex");

/** Who the box is, or asks to join as once more. */
async function seedAfter(path: string): Promise<Uint8Array> {
  const { config, secrets } = homePaths(path);
  if (existsSync(config)) return loadSecrets(secrets).boxSeed;
  await prepareHome(path);
  return seedToJoinWith(path, (length) => new Uint8Array(length).fill(9));
}
