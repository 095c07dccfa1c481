import { expect, test } from "vitest";
import { resolveRoom } from "../../../../core/directory/resolve-room.ts";
import { forbidden, invalidParam, notFound } from "../../../../core/errors.ts";
import { readInRoom } from "../../../../core/rooms/queries/read-in-room.ts";
import { joinRoom } from "../../../../core/rooms/commands/join-room.ts";
import { sendMessage } from "../../../../core/rooms/commands/send-message.ts";
import type { DeviceId, RoomId } from "../../../../core/ids.ts";
import { instantTimers } from "../../../support/instant-timers.ts";
import { roomApi, userOf } from "../../../support/room-api.ts";

test("a box that lags behind says to try again about rooms it does not know yet", async () => {
  await using api = await roomApi(["alice"]);
  const behind = { ...api.services, isCaughtUp: () => false, timers: instantTimers() };
  const room = "!elsewhere" as RoomId;
  const user = userOf("alice");
  const later = expect.objectContaining({ status: 503 });
  await expect(joinRoom(behind, { room, user })).rejects.toEqual(later);
  expect(() => resolveRoom(behind, "#elsewhere:hearth.test")).toThrow(later);
  const message = {
    requester: { user, device: "D" as DeviceId },
    room,
    type: "m.room.message",
    txnId: "t",
    content: {},
  };
  await expect(sendMessage(behind, message)).rejects.toEqual(later);
  const known = await api.createRoom("alice");
  await expect(sendMessage(behind, { ...message, room: known })).resolves.toMatch(/^\$/);
});

test("only what a box that lags behind may not know is put off", () => {
  const failing = (isCaughtUp: boolean, error: Error) => () =>
    readInRoom({ isCaughtUp: () => isCaughtUp }, () => {
      throw error;
    });
  for (const refusal of [forbidden("not yours"), notFound("not here")]) {
    expect(failing(true, refusal)).toThrow(refusal);
    expect(failing(false, refusal)).toThrow(expect.objectContaining({ status: 503 }));
  }
  for (const error of [invalidParam("no number"), new Error("the disk")])
    expect(failing(false, error)).toThrow(error);
});

test("what arrives while a box reads does not make its refusal final", () => {
  let isCaughtUp = false;
  const read = (): never => {
    isCaughtUp = true;
    throw notFound("not here");
  };
  expect(() => readInRoom({ isCaughtUp: () => isCaughtUp }, read)).toThrow(
    expect.objectContaining({ status: 503 }),
  );
});
