import { expect, test } from "vitest";
import {
  banUser,
  inviteUser,
  kickUser,
  leaveRoom,
  unbanUser,
} from "../../../../core/rooms/commands/change-membership.ts";
import { joinRoom } from "../../../../core/rooms/commands/join-room.ts";
import { redactEvent } from "../../../../core/rooms/commands/redact-event.ts";
import { sendMessage } from "../../../../core/rooms/commands/send-message.ts";
import { setRoomState } from "../../../../core/rooms/commands/set-state.ts";
import type { DeviceId, EventId, RoomId } from "../../../../core/ids.ts";
import type { Services } from "../../../../core/services.ts";
import { events } from "../../../../core/tables.ts";
import { instantTimers } from "../../../support/instant-timers.ts";
import { roomApi, userOf } from "../../../support/room-api.ts";

const [alice, bob, carol] = [userOf("alice"), userOf("bob"), userOf("carol")];
const device = "D" as DeviceId;
const content = { msgtype: "m.text", body: "dinner" };
const message = { requester: { user: bob, device }, type: "m.room.message", txnId: "t", content };
const topic = { type: "m.room.topic", stateKey: "", content: { topic: "dinner" } };
const nowhere = "$elsewhere" as EventId;

type Operation = (box: Services, room: RoomId) => Promise<unknown>;

/** Bob is not in the room as far as this box knows, carol is a member, and nobody was banned. */
const REFUSED: readonly [what: string, status: number, run: Operation][] = [
  ["sending", 403, (box, room) => sendMessage(box, { ...message, room })],
  ["setting state", 403, (box, room) => setRoomState(box, { ...topic, room, sender: bob })],
  ["inviting", 403, (box, room) => inviteUser(box, { room, sender: bob, target: alice })],
  [
    "inviting somebody unknown",
    404,
    (box, room) => inviteUser(box, { room, sender: carol, target: userOf("new") }),
  ],
  ["kicking", 403, (box, room) => kickUser(box, { room, sender: alice, target: bob })],
  ["banning", 403, (box, room) => banUser(box, { room, sender: bob, target: carol })],
  ["unbanning", 403, (box, room) => unbanUser(box, { room, sender: alice, target: bob })],
  ["leaving", 403, (box, room) => leaveRoom(box, { room, sender: bob })],
  [
    "redacting an own message",
    404,
    (box, room) =>
      redactEvent(box, { ...message, requester: { user: carol, device }, room, event: nowhere }),
  ],
];

test.each(REFUSED)(
  "%s is refused with %i, and with 503 while the box lags behind",
  async (...row) => {
    const [, status, run] = row;
    await using api = await roomApi(["alice", "bob", "carol"]);
    const room = await api.createRoom("alice", { preset: "public_chat" });
    await joinRoom(api.services, { room, user: carol });
    const behind = { ...api.services, isCaughtUp: () => false, timers: instantTimers() };
    await expect(run(api.services, room)).rejects.toMatchObject({ status });
    await expect(run(behind, room)).rejects.toMatchObject({ status: 503, errcode: "M_UNKNOWN" });
  },
);

test("a message is sent when the join that it needs arrives a moment later", async () => {
  await using api = await roomApi(["alice", "bob"]);
  const { services } = api;
  const room = await api.createRoom("alice", { preset: "public_chat" });
  const timers = instantTimers(() => joinRoom(services, { room, user: bob }));
  const behind = { ...services, isCaughtUp: () => false, timers };
  const event = await sendMessage(behind, { ...message, room });
  expect(services.reader.get(events, [event])?.pdu.sender).toBe(bob);
});

test("what is wrong with the request itself is said at once, on a box that lags behind too", async () => {
  await using api = await roomApi(["alice", "bob"]);
  const room = await api.createRoom("alice");
  const timers = instantTimers();
  const behind = { ...api.services, isCaughtUp: () => false, timers };
  const member = { room, sender: alice, type: "m.room.member", stateKey: "nobody", content: {} };
  await expect(setRoomState(behind, member)).rejects.toMatchObject({ status: 400 });
  expect(timers.elapsed()).toBe(0);
});
