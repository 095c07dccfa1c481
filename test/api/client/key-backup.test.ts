import { expect, test } from "vitest";
import type { JsonObject } from "../../../core/json.ts";
import type { AccountApi, Session } from "../../support/account-api.ts";
import { accountApi } from "../../support/account-api.ts";

const ALGORITHM = "m.megolm_backup.v1.curve25519-aes-sha2";
const KEYS = "/room_keys/keys";
const ROOM = encodeURIComponent("!a:hearth.test");

const newVersion = async (api: AccountApi, as: Session): Promise<string> => {
  const body = { algorithm: ALGORITHM, auth_data: { public_key: "k" } };
  return String((await api.call(as, "POST", "/room_keys/version", body)).json["version"]);
};
const keyData = (name: string, over: JsonObject = {}): JsonObject => ({
  first_message_index: 1,
  forwarded_count: 1,
  is_verified: false,
  session_data: { name },
  ...over,
});

test("versions are made, read, changed and deleted", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  expect((await api.call(alice, "GET", "/room_keys/version")).status).toBe(404);
  const first = await newVersion(api, alice);
  const second = await newVersion(api, alice);
  const current = await api.call(alice, "GET", "/room_keys/version");
  expect(current.json).toEqual({
    version: second,
    algorithm: ALGORITHM,
    auth_data: { public_key: "k" },
    count: 0,
    etag: "0",
  });
  const path = `/room_keys/version/${second}`;
  const change = { algorithm: ALGORITHM, auth_data: { public_key: "new" } };
  expect((await api.call(alice, "PUT", path, change)).json).toEqual({});
  expect((await api.call(alice, "GET", path)).json["auth_data"]).toEqual({ public_key: "new" });
  const mixed = await api.call(alice, "PUT", path, { ...change, version: first });
  expect(mixed.json["errcode"]).toBe("M_INVALID_PARAM");
  expect((await api.call(alice, "PUT", "/room_keys/version/1", change)).status).toBe(404);
  expect((await api.call(alice, "DELETE", path)).status).toBe(200);
  expect((await api.call(alice, "DELETE", path)).status).toBe(200);
  expect((await api.call(alice, "DELETE", "/room_keys/version/1")).status).toBe(404);
  expect((await api.call(alice, "GET", path)).status).toBe(404);
  expect((await api.call(alice, "GET", "/room_keys/version")).json["version"]).toBe(first);
});

test("keys are stored and read by session, by room and all at once", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const version = `?version=${await newVersion(api, alice)}`;
  const one = await api.call(alice, "PUT", `${KEYS}/${ROOM}/s1${version}`, keyData("1"));
  expect(one.json["count"]).toBe(1);
  const inRoom = { sessions: { s2: keyData("2"), s3: keyData("3") } };
  const more = await api.call(alice, "PUT", `${KEYS}/${ROOM}${version}`, inRoom);
  expect(more.json["count"]).toBe(3);
  expect(more.json["etag"]).not.toBe(one.json["etag"]);
  const rooms = { "!b:hearth.test": { sessions: { s4: keyData("4") } } };
  expect((await api.call(alice, "PUT", `${KEYS}${version}`, { rooms })).json["count"]).toBe(4);
  const single = await api.call(alice, "GET", `${KEYS}/${ROOM}/s1${version}`);
  expect(single.json).toEqual(keyData("1"));
  const ofRoom = await api.call(alice, "GET", `${KEYS}/${ROOM}${version}`);
  expect(ofRoom.json).toEqual({ sessions: { s1: keyData("1"), ...inRoom.sessions } });
  expect((await api.call(alice, "GET", `${KEYS}${version}`)).json).toEqual({
    rooms: { ...rooms, "!a:hearth.test": ofRoom.json },
  });
  const none = await api.call(alice, "GET", `${KEYS}/${encodeURIComponent("!c:x")}${version}`);
  expect(none.json).toEqual({ sessions: {} });
  expect((await api.call(alice, "GET", `${KEYS}/${ROOM}/s9${version}`)).status).toBe(404);
});

test("a worse key does not replace a better one", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const path = `${KEYS}/${ROOM}/s?version=${await newVersion(api, alice)}`;
  const kept = async (data: JsonObject): Promise<unknown> => {
    await api.call(alice, "PUT", path, data);
    const { json } = await api.call(alice, "GET", path);
    return (json["session_data"] as JsonObject)["name"];
  };
  expect(await kept(keyData("first"))).toBe("first");
  expect(await kept(keyData("same"))).toBe("first");
  expect(await kept(keyData("forwarded more", { forwarded_count: 2 }))).toBe("first");
  expect(await kept(keyData("forwarded less", { forwarded_count: 0 }))).toBe("forwarded less");
  const later = keyData("later", { first_message_index: 5, forwarded_count: 0 });
  expect(await kept(later)).toBe("forwarded less");
  expect(await kept({ ...later, session_data: { name: "verified" }, is_verified: true })).toBe(
    "verified",
  );
  expect(await kept(keyData("earlier", { first_message_index: 0 }))).toBe("verified");
});

test("only the newest backup takes keys, and the error names it", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const old = await newVersion(api, alice);
  const current = await newVersion(api, alice);
  const put = (version: string): ReturnType<typeof api.call> =>
    api.call(alice, "PUT", `${KEYS}/${ROOM}/s?version=${version}`, keyData("x"));
  const wrong = await put(old);
  expect([wrong.status, wrong.json["errcode"], wrong.json["current_version"]]).toEqual([
    403,
    "M_WRONG_ROOM_KEYS_VERSION",
    current,
  ]);
  expect((await put("7")).status).toBe(404);
});

test("keys are deleted by session, by room and all at once, and go with their backup", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const id = await newVersion(api, alice);
  const version = `?version=${id}`;
  const sessions = { s1: keyData("1"), s2: keyData("2") };
  const rooms = { "!a:hearth.test": { sessions }, "!b:hearth.test": { sessions } };
  await api.call(alice, "PUT", `${KEYS}${version}`, { rooms });
  const remove = async (path: string): Promise<unknown> =>
    (await api.call(alice, "DELETE", `${KEYS}${path}${version}`)).json["count"];
  expect(await remove(`/${ROOM}/s1`)).toBe(3);
  expect(await remove(`/${ROOM}/s1`)).toBe(3);
  expect(await remove(`/${ROOM}`)).toBe(2);
  expect(await remove("")).toBe(0);
  await api.call(alice, "PUT", `${KEYS}${version}`, { rooms });
  await api.call(alice, "DELETE", `/room_keys/version/${id}`);
  expect((await api.call(alice, "GET", `${KEYS}${version}`)).status).toBe(404);
});
