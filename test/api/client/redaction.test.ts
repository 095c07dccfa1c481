import { describe, expect, test } from "vitest";
import { events } from "../../../core/tables.ts";
import type { EventId } from "../../../core/ids.ts";
import { roomApi } from "../../support/room-api.ts";

describe.each(["10", "11", "12"])("redacting in room version %s", (room_version) => {
  test("removes the content, is idempotent, and names its target where the version wants it", async () => {
    await using api = await roomApi(["alice"]);
    const room = await api.createRoom("alice", { room_version });
    const sent = await api.call("alice", "PUT", `/rooms/${room}/send/m.room.message/t1`, {
      msgtype: "m.text",
      body: "oops",
    });
    const target = sent.json["event_id"] as EventId;
    const path = `/rooms/${room}/redact/${target}/t1`;
    const redacted = await api.call("alice", "PUT", path, { reason: "typo" });
    expect(redacted.status).toBe(200);
    expect((await api.call("alice", "PUT", path, { reason: "typo" })).json).toEqual(redacted.json);
    const { reader } = api.services;
    expect(reader.get(events, [target])?.pdu.content).toEqual({});
    const redaction = reader.get(events, [redacted.json["event_id"] as EventId])?.pdu;
    const inContent = room_version !== "10";
    expect(redaction?.["redacts"]).toBe(inContent ? undefined : target);
    expect(redaction?.content).toEqual({
      reason: "typo",
      ...(inContent ? { redacts: target } : {}),
    });
  });

  test("works as a message, with the target in the content", async () => {
    await using api = await roomApi(["alice"]);
    const room = await api.createRoom("alice", { room_version });
    const sent = await api.call("alice", "PUT", `/rooms/${room}/send/m.room.message/t1`, {});
    const target = sent.json["event_id"] as EventId;
    const path = `/rooms/${room}/send/m.room.redaction/t2`;
    expect((await api.call("alice", "PUT", path, { redacts: target })).status).toBe(200);
    expect(api.services.reader.get(events, [target])?.redactedBy).toBeDefined();
    const without = await api.call("alice", "PUT", `/rooms/${room}/send/m.room.redaction/t3`, {});
    expect([without.status, without.json["errcode"]]).toEqual([400, "M_BAD_JSON"]);
  });
});

test("members redact their own events, moderators those of all", async () => {
  await using api = await roomApi(["alice", "bob"]);
  const room = await api.createRoom("alice", { preset: "public_chat" });
  await api.call("bob", "POST", `/rooms/${room}/join`, {});
  const send = async (as: string) =>
    (await api.call(as, "PUT", `/rooms/${room}/send/m.room.message/t1`, {})).json["event_id"];
  const [ofAlice, ofBob] = [await send("alice"), await send("bob")];
  const redact = async (as: string, event: unknown, txn: string) =>
    (await api.call(as, "PUT", `/rooms/${room}/redact/${event}/${txn}`, {})).status;
  expect(await redact("bob", ofAlice, "r1")).toBe(403);
  expect(await redact("bob", ofBob, "r2")).toBe(200);
  expect(await redact("alice", ofBob, "r3")).toBe(200);
  expect(await redact("bob", "$unknown", "r4")).toBe(404);
});
