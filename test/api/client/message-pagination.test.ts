import { expect, test } from "vitest";
import { roomApi } from "../../support/room-api.ts";

test("pages, contexts and single events answer as the specification says", async () => {
  await using api = await roomApi(["alice"]);
  const room = await api.createRoom("alice");
  const path = `/rooms/${room}/send/m.room.message/1`;
  const event = (await api.call("alice", "PUT", path, { body: "hi" })).json["event_id"] as string;
  const page = await api.call("alice", "GET", `/rooms/${room}/messages?dir=b&limit=2`);
  expect(page.json).toMatchObject({ chunk: [{ event_id: event, room_id: room }, {}] });
  const from = page.json["end"] as string;
  const next = await api.call("alice", "GET", `/rooms/${room}/messages?dir=b&from=${from}`);
  expect(next.json["start"]).toBe(from);
  const context = await api.call("alice", "GET", `/rooms/${room}/context/${event}?limit=2`);
  expect(context.json).toMatchObject({ event: { event_id: event }, events_after: [] });
  const single = await api.call("alice", "GET", `/rooms/${room}/event/${event}`);
  expect(single.json).toMatchObject({ event_id: event, content: { body: "hi" } });
  for (const query of ["", "?dir=x", "?dir=b&from=x", "?dir=b&limit=x", "?dir=b&filter=%5B%5D"]) {
    const { status } = await api.call("alice", "GET", `/rooms/${room}/messages${query}`);
    expect([query, status]).toEqual([query, 400]);
  }
});
