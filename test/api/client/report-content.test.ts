import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { closeReport, listReports, REPORTS_TOLD_MAX } from "../../../core/moderation/reports.ts";
import type { Report } from "../../../core/moderation/reports.ts";
import { REASON_LENGTH_MAX, REPORTS_PER_USER_MAX } from "../../../core/moderation/report.ts";
import type { RoomId } from "../../../core/ids.ts";
import { roomApi, userOf } from "../../support/room-api.ts";
import type { RoomApi } from "../../support/room-api.ts";

let api: RoomApi;
let room: RoomId;
let event: string;
let now = 1_767_225_600_000;
beforeEach(async () => {
  api = await roomApi(["alice", "bob", "stranger"], { wallClock: () => (now += 1000) });
  room = await api.createRoom("alice", { preset: "public_chat", name: "Kitchen" });
  await api.call("bob", "POST", `/join/${room}`, {});
  event = await say("you fools");
});
afterEach(() => api[Symbol.asyncDispose]());

async function say(body: string): Promise<string> {
  const path = `/rooms/${room}/send/m.room.message/${(now += 1000)}`;
  return String((await api.call("alice", "PUT", path, { body })).json["event_id"]);
}

async function report(as: string, path: string, body: object = { reason: "sad" }) {
  const { status, json } = await api.call(as, "POST", path, body);
  return status === 200 ? json : [status, json["errcode"]];
}

const all = async (): Promise<readonly Report[]> => (await listReports(api.services)).reports;

describe("a report", () => {
  test("of an event is kept, with who sent it and what it says", async () => {
    expect(await report("bob", `/rooms/${room}/report/${event}`)).toEqual({});
    expect(await all()).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{8}$/) as string,
        at: expect.any(Number) as number,
        reporter: userOf("bob"),
        about: "event",
        room,
        room_name: "Kitchen",
        event,
        user: userOf("alice"),
        excerpt: "you fools",
        reason: "sad",
      },
    ]);
  });

  test("of an event needs no reason, and forgets what is redacted since", async () => {
    expect(await report("bob", `/rooms/${room}/report/${event}`, {})).toEqual({});
    await api.call("alice", "PUT", `/rooms/${room}/redact/${event}/1`, {});
    const [only] = await all();
    expect(only).toMatchObject({ reason: "", user: userOf("alice") });
    expect(only?.excerpt).toBeUndefined();
  });

  test("of an event is for those who are in the room and may see it", async () => {
    const path = `/rooms/${room}/report/${event}`;
    expect(await report("stranger", path)).toEqual([404, "M_NOT_FOUND"]);
    expect(await report("bob", `/rooms/${room}/report/$none`)).toEqual([404, "M_NOT_FOUND"]);
    const other = await api.createRoom("bob");
    expect(await report("bob", `/rooms/${other}/report/${event}`)).toEqual([404, "M_NOT_FOUND"]);
    expect(await report("bob", `/rooms/!none:x.test/report/${event}`)).toEqual([
      404,
      "M_NOT_FOUND",
    ]);
    expect(await all()).toEqual([]);
  });

  test("of a room is for everybody, of one that there is", async () => {
    expect(await report("stranger", `/rooms/${room}/report`)).toEqual({});
    expect(await report("bob", "/rooms/!none:x.test/report")).toEqual([404, "M_NOT_FOUND"]);
    expect(await report("bob", `/rooms/${room}/report`, {})).toEqual([400, "M_BAD_JSON"]);
    expect(await all()).toMatchObject([{ about: "room", room, reporter: userOf("stranger") }]);
  });

  test("of a user is for everybody, of one that there is", async () => {
    expect(await report("bob", `/users/${userOf("alice")}/report`)).toEqual({});
    expect(await report("bob", "/users/@none:hearth.test/report")).toEqual([404, "M_NOT_FOUND"]);
    expect(await report("bob", "/users/@alice:x.test/report")).toEqual([404, "M_NOT_FOUND"]);
    expect(await report("bob", "/users/bob/report")).toEqual([400, "M_INVALID_PARAM"]);
    expect(await all()).toMatchObject([{ about: "user", user: userOf("alice") }]);
  });

  test("that is made again is kept once", async () => {
    for (let i = 0; i < 2; i++) await report("bob", `/rooms/${room}/report/${event}`);
    expect(await all()).toHaveLength(1);
    await report("bob", `/rooms/${room}/report/${event}`, { reason: "still sad" });
    await report("alice", `/rooms/${room}/report/${event}`);
    expect(await all()).toHaveLength(3);
  });

  test("is cut to a length that can be read", async () => {
    const reason = "é".repeat(REASON_LENGTH_MAX + 1);
    await report("bob", `/users/${userOf("alice")}/report`, { reason });
    expect((await all())[0]?.reason).toBe(reason.slice(1));
  });

  test("is forgotten when it was dealt with", async () => {
    await report("bob", `/rooms/${room}/report/${event}`);
    await report("bob", `/rooms/${room}/report`);
    const [room_, event_] = await all();
    expect([room_?.about, event_?.about]).toEqual(["room", "event"]);
    expect(await closeReport(api.services, room_?.id ?? "")).toEqual(room_);
    expect(await all()).toEqual([event_]);
    await expect(closeReport(api.services, room_?.id ?? "")).rejects.toMatchObject({ status: 404 });
  });
});

test("of one user the newest reports are kept, and nobody crowds out another", async () => {
  await report("alice", `/users/${userOf("bob")}/report`, { reason: "hers" });
  for (let i = 0; i < REPORTS_PER_USER_MAX + 3; i++) {
    await report("bob", `/rooms/${room}/report`, { reason: `${i}` });
  }
  const reasons = (await all()).map(({ reason }) => reason);
  const kept = Array.from({ length: REPORTS_PER_USER_MAX }, (_, i) => `${i + 3}`).toReversed();
  expect(reasons).toEqual([...kept, "hers"]);
  expect(REPORTS_PER_USER_MAX).toBeLessThan(REPORTS_TOLD_MAX);
});
