import { expect, test } from "vitest";
import { DelayedSending } from "../../../core/delayed/delayed-sending.ts";
import { scheduleEvent } from "../../../core/delayed/schedule.ts";
import type { DeviceId } from "../../../core/ids.ts";
import { leaveRoom } from "../../../core/rooms/commands/change-membership.ts";
import { roomApi, userOf } from "../../support/room-api.ts";

const alice = userOf("alice");
const message = { type: "m.room.message", content: { msgtype: "m.text", body: "later" } };

test.each([
  ["waits where the box does not know all yet", false, true],
  ["is over where it does", true, false],
])("what the room refuses %s", async (_what, isCaughtUp, isLeft) => {
  await using api = await roomApi(["alice"]);
  const { services } = api;
  const room = await api.createRoom("alice", {});
  const requester = { user: alice, device: "D" as DeviceId };
  const id = await scheduleEvent(services, { ...message, requester, room, delayMs: 1 });
  await leaveRoom(services, { room, sender: alice });
  const sending = new DelayedSending({ ...services, isCaughtUp: () => isCaughtUp });
  const kept = sending.keep(id);
  if (isLeft) await expect(kept).rejects.toMatchObject({ status: 403 });
  else await kept;
  expect(sending.get(id) !== undefined).toBe(isLeft);
});
