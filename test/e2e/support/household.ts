import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { BoxProcess } from "./box-process.ts";
import type { JsonBody } from "./client.ts";
import { TestUser } from "./client.ts";
import type { SavedUser } from "./client.ts";
import { E2E_SERVER } from "./test-mesh.ts";

const MEDIA_BYTES = 300_000;
/** Of uploads, repeated: no divisor of any block or chunk, so that no two of them are alike. */
const PATTERN_BYTES = 1021;
const FILTER = { room: { timeline: { limit: 17 } } };
const KEY_ALGORITHMS = ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"];

export interface SavedHousehold {
  readonly alice: SavedUser;
  readonly bob: SavedUser;
  readonly room: string;
  readonly media: { readonly uri: string; readonly pattern: string };
  readonly filter: string;
}

/** People with a bit of everything that a server keeps for them. */
export class Household {
  readonly alice: TestUser;
  readonly bob: TestUser;
  readonly room: string;
  readonly media: { readonly uri: string; readonly bytes: Uint8Array };
  readonly #filter: string;

  private constructor(parts: Pick<Household, "alice" | "bob" | "room" | "media">, filter: string) {
    this.alice = parts.alice;
    this.bob = parts.bob;
    this.room = parts.room;
    this.media = parts.media;
    this.#filter = filter;
  }

  /** Each thing is made through another box, in turn. */
  static async make(urls: readonly string[]): Promise<Household> {
    const [a = "", b = a, c = b] = urls;
    const alice = await TestUser.register(a, "alice");
    const bob = await TestUser.register(b, "bob");
    const room = await alice.createRoom(c, {
      preset: "public_chat",
      name: "Kitchen",
      room_alias_name: "kitchen",
    });
    await bob.ask("POST", a, `/join/${encodeURIComponent(room)}`, {});
    await alice.say(b, room, "hello");
    await bob.say(c, room, "hello yourself");
    await alice.setState(a, room, "m.room.topic", "", { topic: "dinner" });
    await alice.ask("PUT", b, `/profile/${alice.id}/displayname`, { displayname: "Alice" });
    const data = `/user/${alice.id}/account_data/org.example.theme`;
    await alice.ask("PUT", c, data, { colour: "green" });
    const roomData = `/user/${alice.id}/rooms/${encodeURIComponent(room)}`;
    await alice.ask("PUT", a, `${roomData}/account_data/org.example.order`, { order: 3 });
    await alice.ask("PUT", b, `${roomData}/tags/m.favourite`, { order: 0.5 });
    const filter = await alice.ask("POST", c, `/user/${alice.id}/filter`, FILTER);
    const rule = { actions: ["notify"], pattern: "dinner" };
    await alice.ask("PUT", a, "/pushrules/global/content/org.example.dinner", rule);
    await alice.ask("POST", b, "/keys/upload", keysOf(alice));
    await bob.ask("POST", c, "/room_keys/version", {
      algorithm: "m.megolm_backup.v1.curve25519-aes-sha2",
      auth_data: { public_key: "cHVibGlj" },
    });
    const note = { messages: { [bob.id]: { [bob.device]: { text: "for later" } } } };
    await alice.ask("PUT", a, "/sendToDevice/org.example.note/1", note);
    const media = await upload(b, alice, MEDIA_BYTES);
    return new Household({ alice, bob, room, media }, String(filter["filter_id"]));
  }

  /** What a later test needs to be these people again, as JSON. */
  save(): SavedHousehold {
    const { alice, bob, room, media } = this;
    const picture = {
      uri: media.uri,
      pattern: Buffer.from(media.bytes.subarray(0, PATTERN_BYTES)).toString("base64"),
    };
    return { alice: alice.save(), bob: bob.save(), room, media: picture, filter: this.#filter };
  }

  static from({ alice, bob, room, media, filter }: SavedHousehold): Household {
    const bytes = Buffer.alloc(MEDIA_BYTES, Buffer.from(media.pattern, "base64"));
    const people = { alice: new TestUser(alice), bob: new TestUser(bob) };
    return new Household({ ...people, room, media: { uri: media.uri, bytes } }, filter);
  }

  /** Is the picture on the disk of the box itself? */
  isMediaOn(box: BoxProcess): boolean {
    return isOnDisk(box, this.media.bytes);
  }

  /** All of it, as one box shows it. Equal on every box that has everything. */
  async seenFrom(url: string): Promise<unknown> {
    const { alice, bob, room } = this;
    const get = (path: string): Promise<JsonBody> => alice.ask("GET", url, path);
    const synced = await alice.sync(url);
    // How old an event is differs from one look to the next.
    const events = (await alice.history(url, room)).map((event) => {
      const { unsigned, ...rest } = event;
      return { ...rest, isRedacted: unsigned?.["redacted_because"] !== undefined };
    });
    return {
      whoami: await get("/account/whoami"),
      profile: await get(`/profile/${alice.id}`),
      rooms: await get("/joined_rooms"),
      alias: (await get(`/directory/room/${encodeURIComponent(`#kitchen:${E2E_SERVER}`)}`))[
        "room_id"
      ],
      accountData: synced["account_data"],
      roomAccountData: synced["rooms"]?.["join"]?.[room]?.["account_data"],
      oneTimeKeys: synced["device_one_time_keys_count"],
      filter: await get(`/user/${alice.id}/filter/${this.#filter}`),
      rule: await get("/pushrules/global/content/org.example.dinner"),
      keys: (await alice.ask("POST", url, "/keys/query", { device_keys: { [alice.id]: [] } }))[
        "device_keys"
      ],
      backup: (await bob.ask("GET", url, "/room_keys/version"))["auth_data"],
      events: new Set(events),
      state: [...(await alice.state(url, room))].toSorted(),
      media: Buffer.from(await download(url, alice, this.media.uri)).equals(this.media.bytes),
    };
  }
}

function keysOf({ id, device }: TestUser): object {
  const signatures = { [id]: { [`ed25519:${device}`]: "c2lnbmF0dXJl" } };
  const keys = { [`curve25519:${device}`]: "Y3VydmU", [`ed25519:${device}`]: "ZWQ" };
  const oneTime = Array.from({ length: 10 }, (_, i) => [
    `signed_curve25519:AAAA${i}`,
    { key: `a2V5${i}`, signatures },
  ]);
  const device_keys = {
    user_id: id,
    device_id: device,
    algorithms: KEY_ALGORITHMS,
    keys,
    signatures,
  };
  return { device_keys, one_time_keys: Object.fromEntries(oneTime) as object };
}

export async function upload(
  url: string,
  user: TestUser,
  sizeBytes: number,
): Promise<{ readonly uri: string; readonly bytes: Buffer }> {
  const bytes = Buffer.alloc(sizeBytes, randomBytes(PATTERN_BYTES));
  const response = await fetch(`${url}/_matrix/media/v3/upload?filename=picture.bin`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${user.token}`,
      "content-type": "application/octet-stream",
    },
    body: bytes,
  });
  if (response.status !== 200) throw new Error(`upload: ${await response.text()}`);
  const { content_uri: uri } = (await response.json()) as { content_uri: string };
  return { uri, bytes };
}

/** The bytes as the authenticated endpoint gives them. */
export async function download(url: string, user: TestUser, uri: string): Promise<Uint8Array> {
  const path = uri.replace("mxc://", "/_matrix/client/v1/media/download/");
  const response = await fetch(url + path, { headers: { authorization: `Bearer ${user.token}` } });
  if (response.status !== 200) throw new Error(`download: ${await response.text()}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Is the content on the disk of the box itself? */
export function isOnDisk({ home }: BoxProcess, bytes: Uint8Array): boolean {
  const hash = createHash("sha256").update(bytes).digest("hex");
  return existsSync(join(home, "media", hash.slice(0, 2), hash.slice(2, 4), hash));
}
