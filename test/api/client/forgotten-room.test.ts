import { expect, test } from "vitest";
import { roomApi } from "../../support/room-api.ts";

test("a room that was left and forgotten is closed by every way, until it is world-readable", async () => {
  await using api = await roomApi(["alice", "leaver"]);
  const room = await api.createRoom("alice", { preset: "public_chat" });
  await api.call("leaver", "POST", `/join/${room}`, {});
  const path = `/rooms/${room}/send/m.room.message/1`;
  const sent = await api.call("alice", "PUT", path, { body: "needle" });
  const event = String(sent.json["event_id"]);
  const statuses = async (): Promise<number[]> => {
    const paths = [
      `/rooms/${room}/event/${event}`,
      `/_matrix/client/v1/rooms/${room}/relations/${event}`,
      `/rooms/${room}/context/${event}`,
      `/rooms/${room}/messages?dir=b`,
      `/_matrix/client/v1/rooms/${room}/threads`,
      `/rooms/${room}/state`,
    ];
    const answers = paths.map(async (url) => (await api.call("leaver", "GET", url)).status);
    return Promise.all(answers);
  };
  await api.call("leaver", "POST", `/rooms/${room}/leave`, {});
  expect(await statuses()).toEqual([200, 200, 200, 200, 200, 200]);
  await api.call("leaver", "POST", `/rooms/${room}/forget`, {});
  expect(await statuses()).toEqual([404, 404, 403, 403, 403, 403]);
  const criteria = { search_categories: { room_events: { search_term: "needle" } } };
  const { json } = await api.call("leaver", "POST", "/search", criteria);
  expect(json).toMatchObject({ search_categories: { room_events: { results: [] } } });
  const world = { history_visibility: "world_readable" };
  await api.call("alice", "PUT", `/rooms/${room}/state/m.room.history_visibility`, world);
  expect((await statuses()).at(-1)).toBe(200);
});
