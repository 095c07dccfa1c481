import { describe, expect, test } from "vitest";
import { puts } from "../../../core/tables.ts";
import type { RoomId } from "../../../core/ids.ts";
import { roomApi, userOf } from "../../support/room-api.ts";
import type { RoomApi } from "../../support/room-api.ts";

const alice = userOf("alice");

async function send(api: RoomApi, room: RoomId, txn: string, content = {}): Promise<string> {
  const path = `/rooms/${room}/send/m.room.message/${txn}`;
  return (await api.call("alice", "PUT", path, content)).json["event_id"] as string;
}

const receipt = (api: RoomApi, room: RoomId, type: string, thread = ""): unknown =>
  api.services.reader.get(puts, ["receipt", room, alice, type, thread])?.value;

describe("receipts", () => {
  test("move forwards and never back, whatever is late", async () => {
    await using api = await roomApi(["alice"]);
    const room = await api.createRoom("alice");
    const [one, two] = [await send(api, room, "1"), await send(api, room, "2")];
    const mark = async (event: string) =>
      (await api.call("alice", "POST", `/rooms/${room}/receipt/m.read/${event}`, {})).status;
    expect(await mark(two)).toBe(200);
    expect(await mark(one)).toBe(200);
    expect(receipt(api, room, "m.read")).toMatchObject({ event_id: two });
    expect(await mark("$from-another-box")).toBe(200);
    expect(receipt(api, room, "m.read")).toMatchObject({ event_id: "$from-another-box" });
  });

  test("of threads stand apart, at events of their thread only", async () => {
    await using api = await roomApi(["alice"]);
    const room = await api.createRoom("alice");
    const root = await send(api, room, "1");
    const reply = await send(api, room, "2", {
      "m.relates_to": { rel_type: "m.thread", event_id: root },
    });
    const reaction = await send(api, room, "3", {
      "m.relates_to": { rel_type: "m.annotation", event_id: reply, key: "+" },
    });
    const mark = async (event: string, thread_id: unknown, type = "m.read"): Promise<unknown[]> => {
      const path = `/rooms/${room}/receipt/${type}/${event}`;
      const { status, json } = await api.call("alice", "POST", path, { thread_id });
      return status === 200 ? [200] : [status, json["errcode"]];
    };
    expect(await mark(reaction, root)).toEqual([200]);
    expect(await mark(root, "main")).toEqual([200]);
    expect(await mark(root, root, "m.read.private")).toEqual([200]);
    expect(receipt(api, room, "m.read", root)).toMatchObject({ event_id: reaction });
    expect(receipt(api, room, "m.read", "main")).toMatchObject({ event_id: root });
    const invalid = [400, "M_INVALID_PARAM"];
    expect(await mark(reply, "main")).toEqual(invalid);
    expect(await mark(root, "$other")).toEqual(invalid);
    expect(await mark(root, "")).toEqual(invalid);
    expect(await mark(root, 5)).toEqual(invalid);
    expect(await mark(root, "main", "m.fully_read")).toEqual(invalid);
    expect(await mark(root, "main", "m.nonsense")).toEqual(invalid);
  });

  test("and markers are for members of the room, at events of the room", async () => {
    await using api = await roomApi(["alice", "bob"]);
    const room = await api.createRoom("alice");
    const other = await api.createRoom("alice");
    const event = await send(api, room, "1");
    const path = (target: RoomId) => `/rooms/${target}/receipt/m.read/${event}`;
    expect((await api.call("bob", "POST", path(room), {})).status).toBe(403);
    expect((await api.call("alice", "POST", path(other), {})).status).toBe(400);
  });

  test("are set together with the fully-read marker", async () => {
    await using api = await roomApi(["alice"]);
    const room = await api.createRoom("alice");
    const [one, two] = [await send(api, room, "1"), await send(api, room, "2")];
    const body = { "m.fully_read": one, "m.read": two, "m.read.private": two };
    expect((await api.call("alice", "POST", `/rooms/${room}/read_markers`, body)).json).toEqual({});
    expect(receipt(api, room, "m.read")).toMatchObject({ event_id: two });
    expect(receipt(api, room, "m.read.private")).toMatchObject({ event_id: two });
    const marker = api.services.reader.get(puts, ["fully_read", alice, room]);
    expect(marker?.value).toEqual({ event_id: one });
  });
});

describe("typing", () => {
  test("is said by members about themselves, for a while", async () => {
    await using api = await roomApi(["alice", "bob"]);
    const room = await api.createRoom("alice");
    const put = async (as: string, about: string, json: unknown) =>
      (await api.call(as, "PUT", `/rooms/${room}/typing/${encodeURIComponent(about)}`, json))
        .status;
    const key = `${room}\u001f${alice}`;
    expect(await put("alice", alice, { typing: true, timeout: 5000 })).toBe(200);
    expect(api.services.ephemeral.get("typing", key)?.ended).toBe(false);
    expect(await put("alice", alice, { typing: false })).toBe(200);
    expect(api.services.ephemeral.get("typing", key)?.ended ?? true).toBe(true);
    expect(await put("bob", alice, { typing: true })).toBe(403);
    expect(await put("bob", userOf("bob"), { typing: true })).toBe(403);
  });
});
