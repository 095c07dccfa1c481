import { expect, test } from "vitest";
import { roomApi, userOf } from "../../support/room-api.ts";

const url = (user: string, from = ""): string =>
  `/_matrix/client/v1/mutual_rooms?user_id=${encodeURIComponent(user)}${from}`;

test("rooms that both are joined to are told, and no others", async () => {
  await using api = await roomApi(["alice", "bob", "carol"]);
  const shared: string[] = [];
  for (let i = 0; i < 3; i++) {
    const room = await api.createRoom("alice", { preset: "public_chat" });
    await api.call("bob", "POST", `/join/${room}`, {});
    shared.push(room);
  }
  await api.createRoom("alice", { invite: [userOf("bob")] });
  await api.call("bob", "POST", `/rooms/${shared.pop()}/leave`, {});
  const { json } = await api.call("alice", "GET", url(userOf("bob")));
  expect(json).toEqual({ joined: shared.toSorted(), count: 2 });
  expect((await api.call("carol", "GET", url(userOf("bob")))).json).toEqual({
    joined: [],
    count: 0,
  });
  expect((await api.call("alice", "GET", url(userOf("nobody")))).json).toMatchObject({ count: 0 });
  const after = Buffer.from(shared.toSorted()[0] ?? "").toString("base64url");
  const next = await api.call("alice", "GET", url(userOf("bob"), `&from=${after}`));
  expect(next.json).toEqual({ joined: shared.toSorted().slice(1), count: 2 });
});

test.each([url("@alice:hearth.test"), url("alice"), url("@bob:hearth.test", "&from=x")])(
  "a wrong request is refused: %s",
  async (path) => {
    await using api = await roomApi(["alice", "bob"]);
    const { status, json } = await api.call("alice", "GET", path);
    expect([status, json["errcode"]]).toEqual([400, "M_INVALID_PARAM"]);
  },
);
