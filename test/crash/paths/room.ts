import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createAccount } from "../../../core/account/create-account.ts";
import { startSession } from "../../../core/account/start-session.ts";
import { setPusher } from "../../../core/push/set-pusher.ts";
import type { EventId, RoomId, UserId } from "../../../core/ids.ts";
import { createRoom } from "../../../core/rooms/commands/create-room.ts";
import { joinRoom } from "../../../core/rooms/commands/join-room.ts";
import { sendMessage } from "../../../core/rooms/commands/send-message.ts";
import type { Services } from "../../../core/services.ts";
import { boxOnDisk } from "../../support/box-on-disk.ts";
import { TEST_SERVER } from "../../support/one-box.ts";
import { ALICE, DEVICE } from "../storage-path.ts";

const BOB = `@bob:${TEST_SERVER}` as UserId;
const roomFile = (home: string): string => join(home, "room");

/** Makes a home with a room of Alice and Bob, who has a pusher at each of these addresses. */
export async function homeWithRoom(
  home: string,
  gateways: readonly string[],
  wallClock?: () => number,
): Promise<void> {
  const box = await boxOnDisk(home, wallClock ? { wallClock } : {});
  const { services } = box;
  for (const user of [ALICE, BOB]) {
    await services.runner.run(createAccount, { user, passwordHash: "", admin: false });
    await startSession(services, { user, device: DEVICE });
  }
  const room = await createRoom(services, { user: ALICE, body: { preset: "public_chat" } });
  await joinRoom(services, { room, user: BOB });
  const bob = { user: BOB, device: DEVICE, tokenId: "", deviceCreated: 0 };
  for (const url of gateways) {
    await setPusher(services, bob, {
      kind: "http",
      app_id: `app at ${url}`,
      pushkey: "key",
      app_display_name: "App",
      device_display_name: "Phone",
      lang: "en",
      data: { url, format: "event_id_only" },
    });
  }
  await box.stop();
  writeFileSync(roomFile(home), room);
}

/** The room that `homeWithRoom` made. */
export function roomIn(home: string): RoomId {
  return readFileSync(roomFile(home), "utf8") as RoomId;
}

/** Alice says something; resolves when that is on disk. */
export function say(services: Services, home: string, text: string): Promise<EventId> {
  return sendMessage(services, {
    requester: { user: ALICE, device: DEVICE },
    room: roomIn(home),
    type: "m.room.message",
    txnId: text,
    content: { msgtype: "m.text", body: text },
  });
}
