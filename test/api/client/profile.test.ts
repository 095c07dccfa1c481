import { expect, test } from "vitest";
import { accountApi } from "../../support/account-api.ts";

test("profile fields are set, read, listed and deleted", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const path = `/profile/${alice.user}`;
  expect((await api.call(undefined, "GET", path)).json).toEqual({});
  await api.call(alice, "PUT", `${path}/displayname`, { displayname: "Alice" });
  await api.call(alice, "PUT", `${path}/m.tz`, { "m.tz": "Europe/Berlin" });
  await api.call(alice, "PUT", `${path}/org.example.pets`, { "org.example.pets": ["cat"] });
  const profile = { displayname: "Alice", "m.tz": "Europe/Berlin", "org.example.pets": ["cat"] };
  expect((await api.call(undefined, "GET", path)).json).toEqual(profile);
  expect((await api.call(undefined, "GET", `${path}/displayname`)).json).toEqual({
    displayname: "Alice",
  });
  await api.call(alice, "DELETE", `${path}/displayname`);
  expect((await api.call(undefined, "GET", `${path}/displayname`)).status).toBe(404);
  expect((await api.call(undefined, "GET", "/profile/@nobody:hearth.test")).status).toBe(404);
});

test("bad profile changes get the errors of the spec", async () => {
  await using api = await accountApi();
  const [alice, bob] = [await api.register("alice"), await api.register("bob")];
  const put = async (field: string, body: unknown, as = alice): Promise<unknown> => {
    const path = `/profile/${alice.user}/${field}`;
    const { status, json } = await api.call(as, "PUT", path, body);
    return [status, json["errcode"]];
  };
  expect(await put("displayname", { other: "x" })).toEqual([400, "M_MISSING_PARAM"]);
  expect(await put("displayname", { displayname: 5 })).toEqual([400, "M_INVALID_PARAM"]);
  expect(await put("Bad-Name", { "Bad-Name": 1 })).toEqual([400, "M_INVALID_PARAM"]);
  const long = `a.${"b".repeat(255)}`;
  expect(await put(long, { [long]: 1 })).toEqual([400, "M_KEY_TOO_LARGE"]);
  const large = { "a.b": "x".repeat(65_536) };
  expect(await put("a.b", large)).toEqual([400, "M_PROFILE_TOO_LARGE"]);
  expect(await put("displayname", { displayname: "x" }, bob)).toEqual([403, "M_FORBIDDEN"]);
});

test("a new display name reaches the rooms of the user", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const { json } = await api.call(alice, "POST", "/createRoom", {});
  const room = encodeURIComponent(String(json["room_id"]));
  await api.call(alice, "PUT", `/profile/${alice.user}/displayname`, { displayname: "Alice" });
  const path = `/rooms/${room}/state/m.room.member/${alice.user}`;
  const member = await api.call(alice, "GET", path);
  expect(member.json).toMatchObject({ membership: "join", displayname: "Alice" });
});
