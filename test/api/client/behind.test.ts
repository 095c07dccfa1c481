import { expect, test } from "vitest";
import { clientEndpoints } from "../../../api/client/index.ts";
import { instantTimers } from "../../support/instant-timers.ts";
import { roomApi, userOf } from "../../support/room-api.ts";
import { testApi } from "../../support/test-api.ts";

type Request = readonly [method: string, path: string, json?: unknown];
const NOBODY = "@nobody:elsewhere.test";
const alias = encodeURIComponent("#lounge:hearth.test");

/** What Bob, who is not in Alice's room and is not let in, may ask of it, or of rooms that nobody knows. */
const requestsIn = (room: string, event: string): readonly Request[] => [
  ["POST", `/join/${room}`, {}],
  ["POST", `/rooms/${room}/join`, {}],
  ["POST", `/knock/${room}`, {}],
  ["POST", `/rooms/${room}/leave`, {}],
  ["POST", `/rooms/${room}/invite`, { user_id: NOBODY }],
  ["POST", `/rooms/${room}/upgrade`, { new_version: "12" }],
  ["PUT", `/rooms/${room}/send/m.room.message/txn`, { msgtype: "m.text", body: "" }],
  ["PUT", `/rooms/${room}/state/m.room.topic/`, { topic: "" }],
  ["PUT", `/rooms/${room}/redact/${event}/txn`, {}],
  ["PUT", `/rooms/${room}/typing/${userOf("bob")}`, { typing: true }],
  ["POST", `/rooms/${room}/receipt/m.read/${event}`, {}],
  ["POST", `/rooms/${room}/read_markers`, { "m.read": event }],
  ["GET", `/rooms/${room}/state`],
  ["GET", `/rooms/${room}/state/m.room.encryption/`],
  ["GET", `/rooms/${room}/members`],
  ["GET", `/rooms/${room}/joined_members`],
  ["GET", `/rooms/${room}/messages?dir=b`],
  ["GET", `/rooms/${room}/event/${event}`],
  ["GET", `/rooms/${room}/context/${event}`],
  ["GET", `/rooms/${room}/initialSync`],
  ["GET", `/rooms/${room}/aliases`],
  ["GET", `/_matrix/client/v1/rooms/${room}/relations/${event}`],
  ["GET", `/_matrix/client/v1/rooms/${room}/threads`],
  ["GET", `/_matrix/client/v1/rooms/${room}/hierarchy`],
  ["GET", `/_matrix/client/v1/rooms/${room}/timestamp_to_event?ts=1&dir=b`],
  ["GET", `/_matrix/client/v1/room_summary/${room}`],
  ["PUT", `/directory/list/room/${room}`, { visibility: "public" }],
  ["PUT", `/directory/room/${alias}`, { room_id: room }],
  ["POST", `/rooms/${room}/report/${event}`, {}],
];

/** What Alice may ask of her room that is not there. */
const absentIn = (room: string): readonly Request[] => [
  ["GET", `/rooms/${room}/state/m.room.encryption/`],
  ["GET", `/rooms/${room}/event/$nowhere`],
  ["GET", `/_matrix/client/v1/rooms/${room}/timestamp_to_event?ts=1&dir=b`],
];

const EVERYWHERE: readonly Request[] = [
  ["GET", "/pushrules/global/room/!elsewhere"],
  ["PUT", "/pushrules/global/room/!elsewhere/enabled", { enabled: false }],
  ["DELETE", "/pushrules/global/room/!elsewhere"],
];

test("clients are never told for good what a box that lags behind may not know yet", async () => {
  await using api = await roomApi(["alice", "bob"]);
  const room = await api.createRoom("alice", { preset: "private_chat" });
  const said = await api.call("alice", "PUT", `/rooms/${room}/send/m.room.message/a`, {
    msgtype: "m.text",
    body: "",
  });
  const event = String(said.json["event_id"]);
  const services = { ...api.services, isCaughtUp: () => false, timers: instantTimers() };
  await using behind = await testApi({ services, endpoints: clientEndpoints });
  const inRooms = [room, "!elsewhere"].flatMap((id) => requestsIn(encodeURIComponent(id), event));
  const all = [
    ...[...inRooms, ...EVERYWHERE].map((request) => ["bob", request] as const),
    ...absentIn(encodeURIComponent(room)).map((request) => ["alice", request] as const),
  ];
  for (const [as, [method, path, json]] of all) {
    const whole = path.startsWith("/_matrix") ? path : `/_matrix/client/v3${path}`;
    const options = { as, ...(json === undefined ? {} : { json }) };
    const refused = await api.call(as, method, path, json);
    expect([403, 404], `${method} ${path}: ${refused.text}`).toContain(refused.status);
    const later = await behind.request(method, whole, options);
    expect([later.status, later.json["errcode"]], `${method} ${path}`).toEqual([503, "M_UNKNOWN"]);
  }
});

test("a member whose join is not here yet may ask again, and is let in once it is", async () => {
  await using api = await roomApi(["alice", "bob"]);
  const room = await api.createRoom("alice", { preset: "public_chat" });
  const timers = instantTimers(() =>
    api.call("alice", "POST", `/rooms/${room}/invite`, {
      user_id: userOf("bob"),
    }),
  );
  await api.call("alice", "PUT", `/rooms/${room}/state/m.room.join_rules/`, {
    join_rule: "invite",
  });
  const services = { ...api.services, isCaughtUp: () => false, timers };
  await using behind = await testApi({ services, endpoints: clientEndpoints });
  const join = `/_matrix/client/v3/rooms/${room}/join`;
  expect((await behind.request("POST", join, { as: "bob", json: {} })).status).toBe(200);
});
