import { expect, test } from "vitest";
import { ban } from "../../../../core/rooms/commands/change-membership.ts";
import { setRoomAlias } from "../../../../core/directory/aliases.ts";
import { createRoom } from "../../../../core/rooms/commands/create-room.ts";
import { joinRoom } from "../../../../core/rooms/commands/join-room.ts";
import { sendMessage } from "../../../../core/rooms/commands/send-message.ts";
import { setRoomState } from "../../../../core/rooms/commands/set-state.ts";
import { redactEvent } from "../../../../core/rooms/commands/redact-event.ts";
import { stateContent, stateEvent } from "../../../../core/rooms/queries/room-facts.ts";
import type { DeviceId, RoomAlias, RoomId } from "../../../../core/ids.ts";
import { events, rooms, roomState } from "../../../../core/tables.ts";
import { includes } from "../../../../core/vector.ts";
import { someBoxes } from "../../../support/one-box.ts";
import type { TestBox } from "../../../support/one-box.ts";
import { userOf } from "../../../support/room-api.ts";

const [alice, bob] = [userOf("alice"), userOf("bob")];

function haveTheSame(one: TestBox, two: TestBox): boolean {
  using a = one.services.reader.snapshot();
  using b = two.services.reader.snapshot();
  return includes(a.vector, b.vector) && includes(b.vector, a.vector);
}

async function split(
  body: (one: TestBox, two: TestBox, room: RoomId, heal: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const { boxes, network } = await someBoxes(2);
  const [one, two] = boxes;
  if (!one || !two) throw new Error("two boxes were asked for");
  try {
    const room = await createRoom(one.services, { user: alice, body: { preset: "public_chat" } });
    await joinRoom(two.services, { room, user: bob });
    network.cut(one.transport.self, two.transport.self);
    await body(one, two, room, async () => {
      network.heal();
      while (!haveTheSame(one, two)) await new Promise((resolve) => setImmediate(resolve));
    });
  } finally {
    for (const box of boxes) await box.stop();
  }
}

test("a retry on both sides of a split is one visible event on both after it (N=2)", async () => {
  await split(async (one, two, room, heal) => {
    const message = {
      requester: { user: alice, device: "D" as DeviceId },
      room,
      type: "m.room.message",
      txnId: "t1",
      content: { body: "a" },
    };
    // Within one millisecond both sides make the very same event.
    const ids = new Set([
      await sendMessage(one.services, message),
      await sendMessage(two.services, message),
    ]);
    await heal();
    const shown = [one, two].map((box) =>
      [...ids].filter((id) => box.services.reader.get(events, [id])?.hidden === undefined),
    );
    expect(shown[0]).toHaveLength(1);
    expect(shown[1]).toEqual(shown[0]);
  });
});

test("a redaction repeated on both sides takes the content away, and one of the two is shown (N=2)", async () => {
  await split(async (one, two, room, heal) => {
    const requester = { user: alice, device: "D" as DeviceId };
    const member = stateEvent(one.services.reader, room, "m.room.member", bob)?.id;
    if (!member) throw new Error("bob is in the room");
    const input = { requester, room, event: member, txnId: "r1" };
    const ids = new Set([
      await redactEvent(one.services, input),
      await redactEvent(two.services, input),
    ]);
    await heal();
    const shown = [one, two].map(({ services: { reader } }) =>
      [...ids].filter((id) => reader.get(events, [id])?.hidden === undefined),
    );
    expect(shown[0]).toHaveLength(1);
    expect(shown[1]).toEqual(shown[0]);
    for (const { services } of [one, two]) {
      expect(services.reader.get(events, [member])?.redactedBy).toBe(shown[0]?.[0]);
    }
  });
});

test("state that was set on both sides of a split is one state, the same on both boxes (N=2)", async () => {
  await split(async (one, two, room, heal) => {
    const topic = { room, sender: alice, type: "m.room.topic", stateKey: "" };
    const content = { topic: "dinner" };
    await setRoomState(one.services, { ...topic, content });
    await setRoomState(two.services, { ...topic, content });
    await heal();
    const ids = [one, two].map(({ services: { reader } }) =>
      reader.get(roomState, [room, "m.room.topic", ""]),
    );
    expect(ids[0]).toBe(ids[1]);
    for (const { services } of [one, two]) {
      expect(stateContent(services.reader, room, "m.room.topic")).toEqual(content);
    }
    // Repeated once more it is what holds already.
    expect(await setRoomState(one.services, { ...topic, content })).toBe(ids[0]);
  });
});

test("a ban on one side ends what the banned said on the other, on both boxes (N=2)", async () => {
  await split(async (one, two, room, heal) => {
    await one.services.runner.run(ban, { room, sender: alice, target: bob });
    const name = { room, type: "m.room.name", stateKey: "" };
    await setRoomState(one.services, { ...name, sender: alice, content: { name: "A" } });
    await expect(
      setRoomState(two.services, { ...name, sender: bob, content: { name: "B" } }),
    ).rejects.toMatchObject({ errcode: "M_FORBIDDEN" });
    const topic = { room, type: "m.room.topic", stateKey: "" };
    await setRoomState(two.services, { ...topic, sender: alice, content: { topic: "T" } });
    await heal();
    for (const { services } of [one, two]) {
      expect(stateContent(services.reader, room, "m.room.member", bob)["membership"]).toBe("ban");
      expect(stateContent(services.reader, room, "m.room.name")).toEqual({ name: "A" });
      expect(stateContent(services.reader, room, "m.room.topic")).toEqual({ topic: "T" });
    }
    const ids = (box: TestBox) => box.services.reader.get(roomState, [room, "m.room.name", ""]);
    expect(ids(one)).toBe(ids(two));
    expect(one.services.reader.get(rooms, [room])?.joined).toBe(1);
    expect(two.services.reader.get(rooms, [room])?.joined).toBe(1);
  });
});

test("no alias is made while the boxes cannot agree on its owner (N=2)", async () => {
  await split(async (one, _, room, heal) => {
    const input = { alias: "#den:hearth.test" as RoomAlias, room, user: alice };
    await expect(setRoomAlias(one.services, input)).rejects.toMatchObject({ status: 503 });
    await heal();
    await expect(setRoomAlias(one.services, input)).resolves.toBeUndefined();
  });
});
