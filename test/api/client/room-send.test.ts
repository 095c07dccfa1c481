import { expect, test } from "vitest";
import { createRoom } from "../../../core/rooms/commands/create-room.ts";
import { send, sendMessage } from "../../../core/rooms/commands/send-message.ts";
import type { DeviceId } from "../../../core/ids.ts";
import { someBoxes } from "../../support/one-box.ts";
import { roomApi, userOf } from "../../support/room-api.ts";

const text = (body: string) => ({ msgtype: "m.text", body });

test("a retry of the same transaction is the same event, another path or device is not", async () => {
  await using api = await roomApi(["alice"]);
  const room = await api.createRoom("alice");
  const other = await api.createRoom("alice");
  const path = `/rooms/${room}/send/m.room.message/t1`;
  const first = await api.call("alice", "PUT", path, text("a"));
  const retry = await api.call("alice", "PUT", path, text("a"));
  expect(retry.json).toEqual(first.json);
  const ids = [first.json["event_id"]];
  for (const distinct of [
    `/rooms/${other}/send/m.room.message/t1`,
    `/rooms/${room}/send/m.room.other/t1`,
    `/rooms/${room}/send/m.room.message/t2`,
  ]) {
    ids.push((await api.call("alice", "PUT", distinct, text("a"))).json["event_id"]);
  }
  const device = "OTHER" as DeviceId;
  const id = await api.services.runner.run(send, {
    requester: { user: userOf("alice"), device },
    room,
    type: "m.room.message",
    txnId: "t1",
    content: text("a"),
    duplicate: false,
  });
  expect(new Set([...ids, id]).size).toBe(5);
});

test("a retry on another box is the same event (N=2)", async () => {
  const { boxes } = await someBoxes(2);
  const [one, two] = boxes;
  if (!one || !two) throw new Error("two boxes were asked for");
  try {
    const user = userOf("alice");
    const room = await createRoom(one.services, { user, body: {} });
    const message = {
      requester: { user, device: "D" as DeviceId },
      room,
      type: "m.room.message",
      txnId: "t1",
      content: text("a"),
    };
    const first = await sendMessage(one.services, message);
    expect(await sendMessage(two.services, message)).toBe(first);
  } finally {
    for (const box of boxes) await box.stop();
  }
});

test("outsiders cannot send, and nothing can be sent to an unknown room", async () => {
  await using api = await roomApi(["alice", "bob"]);
  const room = await api.createRoom("alice");
  for (const target of [room, "!unknown"]) {
    const path = `/rooms/${target}/send/m.room.message/t1`;
    const answer = await api.call("bob", "PUT", path, text("a"));
    expect([answer.status, answer.json["errcode"]]).toEqual([403, "M_FORBIDDEN"]);
  }
});

test("bodies that are no event content are refused", async () => {
  await using api = await roomApi(["alice"]);
  const room = await api.createRoom("alice");
  const path = `/rooms/${room}/send/m.room.message`;
  const float = await api.call("alice", "PUT", `${path}/t1`, { n: 1.5 });
  expect([float.status, float.json["errcode"]]).toEqual([400, "M_BAD_JSON"]);
  const large = await api.call("alice", "PUT", `${path}/t2`, text("x".repeat(70_000)));
  expect([large.status, large.json["errcode"]]).toEqual([413, "M_TOO_LARGE"]);
  const type = await api.call("alice", "PUT", `/rooms/${room}/send/${"x".repeat(300)}/t3`, {});
  expect([type.status, type.json["errcode"]]).toEqual([400, "M_BAD_JSON"]);
});

test("a second reaction with the same key is refused, its retry and another key are not", async () => {
  await using api = await roomApi(["alice", "bob"]);
  const room = await api.createRoom("alice", { preset: "public_chat" });
  await api.call("bob", "POST", `/rooms/${room}/join`, {});
  const sent = await api.call("alice", "PUT", `/rooms/${room}/send/m.room.message/t0`, text("a"));
  const react = async (as: string, txn: string, key: string) => {
    const relation = { rel_type: "m.annotation", event_id: sent.json["event_id"], key };
    const path = `/rooms/${room}/send/m.reaction/${txn}`;
    return api.call(as, "PUT", path, { "m.relates_to": relation });
  };
  const first = await react("alice", "t1", "+1");
  expect(first.status).toBe(200);
  expect((await react("alice", "t1", "+1")).json).toEqual(first.json);
  const second = await react("alice", "t2", "+1");
  expect([second.status, second.json["errcode"]]).toEqual([400, "M_DUPLICATE_ANNOTATION"]);
  expect((await react("alice", "t3", "-1")).status).toBe(200);
  expect((await react("bob", "t1", "+1")).status).toBe(200);
  const redaction = `/rooms/${room}/redact/${first.json["event_id"] as string}/t4`;
  expect((await api.call("alice", "PUT", redaction, {})).status).toBe(200);
  expect((await react("alice", "t5", "+1")).status).toBe(200);
});
