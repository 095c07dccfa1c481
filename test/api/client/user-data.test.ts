import { expect, test } from "vitest";
import { accountApi } from "../../support/account-api.ts";

const ROOM = encodeURIComponent("!room:hearth.test");

test("filters are kept under the same ID for the same filter, and are one's own", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const bob = await api.register("bob");
  const filter = { room: { timeline: { limit: 5 } } };
  const path = `/user/${alice.user}/filter`;
  const { json: first } = await api.call(alice, "POST", path, filter);
  const { json: second } = await api.call(alice, "POST", path, filter);
  expect(second).toEqual(first);
  const id = String(first["filter_id"]);
  expect((await api.call(alice, "GET", `${path}/${id}`)).json).toEqual(filter);
  expect((await api.call(alice, "GET", `${path}/none`)).status).toBe(404);
  expect((await api.call(bob, "GET", `${path}/${id}`)).status).toBe(403);
  const bad = await api.call(alice, "POST", path, { room: { timeline: { limit: -1 } } });
  expect([bad.status, bad.json["errcode"]]).toEqual([400, "M_BAD_JSON"]);
});

test("account data of the account and of a room are kept apart", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const bob = await api.register("bob");
  const global = `/user/${alice.user}/account_data/org.example`;
  const inRoom = `/user/${alice.user}/rooms/${ROOM}/account_data/org.example`;
  expect((await api.call(alice, "GET", global)).status).toBe(404);
  await api.call(alice, "PUT", global, { a: 1.5 });
  await api.call(alice, "PUT", inRoom, { b: 2 });
  expect((await api.call(alice, "GET", global)).json).toEqual({ a: 1.5 });
  expect((await api.call(alice, "GET", inRoom)).json).toEqual({ b: 2 });
  expect((await api.call(bob, "PUT", global, {})).json["errcode"]).toBe("M_FORBIDDEN");
  expect((await api.call(bob, "GET", global)).status).toBe(403);
});

test("types that the server manages cannot be set but be read", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  for (const type of ["m.fully_read", "m.push_rules"]) {
    for (const place of ["", `/rooms/${ROOM}`]) {
      const path = `/user/${alice.user}${place}/account_data/${type}`;
      const { status, json } = await api.call(alice, "PUT", path, {});
      expect([status, json["errcode"]]).toEqual([405, "M_BAD_JSON"]);
    }
  }
  const rules = await api.call(alice, "GET", `/user/${alice.user}/account_data/m.push_rules`);
  expect(rules.json).toEqual((await api.call(alice, "GET", "/pushrules/")).json);
});

test("tags are set, listed, shown as m.tag and removed", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const path = `/user/${alice.user}/rooms/${ROOM}/tags`;
  await api.call(alice, "PUT", `${path}/m.favourite`, { order: 0.25 });
  await api.call(alice, "PUT", `${path}/u.work`, {});
  const tags = { "m.favourite": { order: 0.25 }, "u.work": {} };
  expect((await api.call(alice, "GET", path)).json).toEqual({ tags });
  const event = await api.call(
    alice,
    "GET",
    `/user/${alice.user}/rooms/${ROOM}/account_data/m.tag`,
  );
  expect(event.json).toEqual({ tags });
  await api.call(alice, "DELETE", `${path}/u.work`);
  expect((await api.call(alice, "GET", path)).json).toEqual({
    tags: { "m.favourite": { order: 0.25 } },
  });
  const bad = await api.call(alice, "PUT", `${path}/u.x`, { order: 2 });
  expect(bad.json["errcode"]).toBe("M_BAD_JSON");
});

test("presence is told to those who share a room and to nobody else", async () => {
  await using api = await accountApi();
  const [alice, bob, eve] = [
    await api.register("alice"),
    await api.register("bob"),
    await api.register("eve"),
  ];
  const { json } = await api.call(alice, "POST", "/createRoom", { preset: "public_chat" });
  await api.call(bob, "POST", `/join/${encodeURIComponent(String(json["room_id"]))}`, {});
  const path = `/presence/${alice.user}/status`;
  expect((await api.call(bob, "GET", path)).json["presence"]).toBe("offline");
  const status = { presence: "online", status_msg: "here" };
  expect((await api.call(alice, "PUT", path, status)).json).toEqual({});
  expect((await api.call(bob, "GET", path)).json).toMatchObject(status);
  expect((await api.call(eve, "GET", path)).status).toBe(403);
  expect((await api.call(eve, "PUT", path, status)).status).toBe(403);
});

test("users are found by parts of their name, without case and accents", async () => {
  await using api = await accountApi();
  const [alice, jose] = [await api.register("alice"), await api.register("jmartinez")];
  await api.call(jose, "PUT", `/profile/${jose.user}/displayname`, { displayname: "José M." });
  const find = async (term: string, limit = 10): Promise<unknown> =>
    (await api.call(alice, "POST", "/user_directory/search", { search_term: term, limit })).json;
  const found = { results: [{ user_id: jose.user, display_name: "José M." }], limited: false };
  for (const term of ["jose", "JOSÉ", "@jmart", "martinez"])
    expect(await find(term)).toEqual(found);
  expect(await find("nobody")).toEqual({ results: [], limited: false });
  expect(await find("jose", 0)).toEqual({ results: [], limited: true });
});
