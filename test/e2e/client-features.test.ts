import "./support/sdk-log.ts";
import { randomBytes } from "node:crypto";
import { EventType, MsgType, Preset, ReceiptType, RelationType } from "matrix-js-sdk";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { decryptFile, encryptFile } from "./support/encrypted-file.ts";
import type { EncryptedFile } from "./support/encrypted-file.ts";
import { SdkClient } from "./support/sdk-client.ts";
import { encryptedRoom, SdkClients } from "./support/sdk-clients.ts";
import type { TestMesh } from "./support/test-mesh.ts";
import { threeBoxes } from "./support/three-boxes.ts";

const TYPING_MS = 30_000;
/** More than a first sync shows. */
const MESSAGES = 110;
const FILE_BYTES = 200_000;

describe("what clients do besides sending messages (N=3)", () => {
  let mesh: TestMesh;
  const clients = new SdkClients();
  beforeAll(async () => {
    mesh = await threeBoxes();
  });
  afterEach(() => clients.stop());
  afterAll(() => mesh.stop());

  const register = (box: number, name: string): Promise<SdkClient> =>
    clients.start(SdkClient.register(mesh.box(box).url, name));

  /** Where the server sees what is said, and clients take its word for what is unread. */
  async function plainRoom(first: SdkClient, other: SdkClient): Promise<string> {
    const room = await first.createRoom({ preset: Preset.PrivateChat, invite: [other.id] });
    await other.join(room);
    return room;
  }

  it("typing and receipts reach the others, private receipts do not, and unread counts follow", async () => {
    const [alice, bob] = [await register(1, "alice1"), await register(3, "bob1")];
    const room = await plainRoom(alice, bob);
    await bob.sdk.sendTyping(room, true, TYPING_MS);
    await alice.until("bob types", () => alice.room(room).getMember(bob.id)?.typing === true);
    await bob.sdk.sendTyping(room, false, TYPING_MS);
    await alice.until("bob rests", () => alice.room(room).getMember(bob.id)?.typing === false);

    const said = ["one", "two", "three"];
    const ids: string[] = [];
    for (const text of said) ids.push(await alice.say(room, text));
    const [first, , last] = ids as [string, string, string];
    await bob.untilReads(room, alice.id, said);
    await bob.until("all is unread", () => bob.room(room).getUnreadNotificationCount() === 3);
    await bob.sdk.sendReadReceipt(bob.event(room, first));
    const hasRead = (id: string): boolean => alice.room(room).hasUserReadEvent(bob.id, id);
    await alice.until("bob has read the first", () => hasRead(first));
    await bob.until("two are unread", () => bob.room(room).getUnreadNotificationCount() === 2);
    await bob.sdk.sendReadReceipt(bob.event(room, last), ReceiptType.ReadPrivate);
    await bob.until("nothing is unread", () => bob.room(room).getUnreadNotificationCount() === 0);
    await bob.say(room, "I say nothing of what I read");
    await alice.until("bob has spoken", () => alice.texts(room, bob.id).length === 1);
    expect(alice.room(room).getEventReadUpTo(bob.id, true)).toBe(first);
  });

  it("reactions, edits and redactions show on the other side", async () => {
    const [alice, bob] = [await register(1, "alice2"), await register(3, "bob2")];
    const room = await encryptedRoom(alice, bob);
    const id = await alice.say(room, "helo");
    const secret = await alice.say(room, "my password");
    await bob.untilReads(room, alice.id, ["helo", "my password"]);

    const reaction = { rel_type: RelationType.Annotation, event_id: id, key: "👍" } as const;
    await bob.sdk.sendEvent(room, EventType.Reaction, { "m.relates_to": reaction });
    const reactions = (): unknown =>
      alice
        .room(room)
        .relations.getChildEventsForEvent(id, RelationType.Annotation, EventType.Reaction)
        ?.getSortedAnnotationsByKey()
        ?.map(([key, events]) => [key, events.size]);
    await alice.until("the reaction is there", () => reactions() !== undefined);
    expect(reactions()).toEqual([["👍", 1]]);

    await alice.sdk.sendEvent(room, EventType.RoomMessage, {
      msgtype: MsgType.Text,
      body: "* hello",
      "m.new_content": { msgtype: MsgType.Text, body: "hello" },
      "m.relates_to": { rel_type: RelationType.Replace, event_id: id },
    });
    const body = (): unknown => bob.event(room, id).getContent()["body"];
    await bob.until("the edit shows", () => body() === "hello");

    await alice.sdk.redactEvent(room, secret);
    await bob.until("the secret is gone", () => bob.event(room, secret).isRedacted());
    expect(bob.event(room, secret).getContent()).toEqual({});
  });

  it("threads have their own messages, receipts and counts, and are found by a new device", async () => {
    const [alice, bob] = [await register(1, "alice3"), await register(3, "bob3")];
    const room = await plainRoom(alice, bob);
    const root = await alice.say(room, "the root");
    await bob.until("the root is there", () => bob.texts(room, alice.id).length === 1);
    // What an app does when somebody presses "reply in thread".
    bob.room(room).createThread(root, bob.event(room, root), [], true);
    const replies: string[] = [];
    for (const text of ["first", "second", "third"]) {
      const content = { msgtype: MsgType.Text, body: text } as const;
      const sent = await bob.sdk.sendEvent(room, root, EventType.RoomMessage, content);
      replies.push(sent.event_id);
    }
    const thread = (client: SdkClient) => client.room(room).getThread(root);
    const bodies = (client: SdkClient): unknown[] =>
      (thread(client)?.events ?? []).map((event) => event.getContent()["body"]);
    const isRead = (): boolean => !bodies(alice).includes(undefined);
    await alice.until("the thread is whole", () => bodies(alice).length >= 4 && isRead());
    expect(bodies(alice)).toEqual(["the root", "first", "second", "third"]);
    expect(alice.texts(room, bob.id)).toEqual([]);
    const unread = (): number => alice.room(room).getThreadUnreadNotificationCount(root);
    await alice.until("the thread is unread", () => unread() === 3);
    const last = thread(alice)?.findEventById(String(replies.at(-1)));
    await alice.sdk.sendReadReceipt(last ?? null);
    await alice.until("the thread is read", () => unread() === 0);
    await bob.until("alice has read the thread", () => {
      return thread(bob)?.hasUserReadEvent(alice.id, String(replies.at(-1))) === true;
    });

    const tablet = await clients.start(SdkClient.logIn(mesh.box(2).url, "alice3"));
    await tablet.room(room).createThreadsTimelineSets();
    await tablet.room(room).fetchRoomThreads();
    await tablet.until("the thread is listed", () => tablet.room(room).getThreads().length === 1);
    expect(thread(tablet)?.length).toBe(3);
    expect(thread(tablet)?.replyToEvent?.getId()).toBe(replies.at(-1));
  });

  it("an encrypted file that was uploaded to one box is read through another", async () => {
    const [alice, bob] = [await register(1, "alice4"), await register(3, "bob4")];
    const room = await encryptedRoom(alice, bob);
    const plain = randomBytes(FILE_BYTES);
    const { bytes, file } = encryptFile(plain);
    const { content_uri: url } = await alice.sdk.uploadContent(new Blob([new Uint8Array(bytes)]), {
      type: "application/octet-stream",
      includeFilename: false,
    });
    const content = { msgtype: MsgType.File, body: "noise.bin", file: { ...file, url } } as const;
    const sent = await alice.sdk.sendMessage(room, content as never);
    const received = (): EncryptedFile & { url: string } =>
      bob.event(room, sent.event_id).getContent()["file"];
    await bob.until("the file is there", () => {
      return bob.said(room).some((event) => event.getContent()["file"] !== undefined);
    });
    const address = bob.sdk.mxcUrlToHttp(
      received().url,
      undefined,
      undefined,
      undefined,
      false,
      true,
      true,
    );
    expect(address).toContain(mesh.box(3).url);
    const headers = { authorization: `Bearer ${bob.sdk.getAccessToken()}` };
    const response = await fetch(String(address), { headers });
    expect(response.status).toBe(200);
    const read = decryptFile(new Uint8Array(await response.arrayBuffer()), received());
    expect(read.equals(plain)).toBe(true);
  });

  it("members are loaded when they speak, all of them when they are asked for", async () => {
    const [alice, bob, carol] = [
      await register(1, "alice5"),
      await register(2, "bob5"),
      await register(3, "carol5"),
    ];
    const room = await alice.createRoom({ preset: Preset.PublicChat, name: "Big" });
    for (const one of [bob, carol]) await one.sdk.joinRoom(room);
    for (let i = 0; i < MESSAGES; i++) await alice.say(room, `message ${i}`);
    await bob.say(room, "and I");
    const tablet = await clients.start(SdkClient.logIn(mesh.box(3).url, "alice5"));
    const known = (): string[] =>
      tablet
        .room(room)
        .getJoinedMembers()
        .map(({ userId }) => userId);
    expect(known().toSorted()).toEqual([alice.id, bob.id]);
    expect(tablet.room(room).getJoinedMemberCount()).toBe(3);
    await carol.say(room, "me too");
    await tablet.until("carol is known", () => known().includes(carol.id));

    const phone = await clients.start(SdkClient.logIn(mesh.box(2).url, "alice5"));
    await phone.room(room).loadMembersIfNeeded();
    expect(phone.room(room).getJoinedMembers()).toHaveLength(3);
  });
});
