import { describe, expect, test } from "vitest";
import { createRoom } from "../../../core/rooms/commands/create-room.ts";
import { publicRooms } from "../../../core/directory/public-rooms.ts";
import type { JsonObject } from "../../../core/json.ts";
import { someBoxes } from "../../support/one-box.ts";
import { roomApi, userOf } from "../../support/room-api.ts";
import type { RoomApi } from "../../support/room-api.ts";

const aliasPath = (name: string) => `/directory/room/${encodeURIComponent(name)}`;

async function outcome(
  api: RoomApi,
  as: string,
  method: string,
  path: string,
  json?: unknown,
): Promise<unknown[]> {
  const answer = await api.call(as, method, path, json);
  return answer.status === 200 ? [200] : [answer.status, answer.json["errcode"]];
}

describe("aliases", () => {
  test("are made by members, resolved by anybody, and taken once", async () => {
    await using api = await roomApi(["alice", "bob"]);
    const room = await api.createRoom("alice");
    const path = aliasPath("#den:hearth.test");
    const body = { room_id: room };
    expect(await outcome(api, "bob", "PUT", path, body)).toEqual([403, "M_FORBIDDEN"]);
    expect(await outcome(api, "alice", "PUT", path, body)).toEqual([200]);
    expect(await outcome(api, "alice", "PUT", path, body)).toEqual([409, "M_UNKNOWN"]);
    const wrong = aliasPath("den:hearth.test");
    expect(await outcome(api, "alice", "PUT", wrong, body)).toEqual([400, "M_INVALID_PARAM"]);
    const remote = aliasPath("#den:elsewhere.test");
    expect(await outcome(api, "alice", "PUT", remote, body)).toEqual([400, "M_INVALID_PARAM"]);
    expect((await api.call("bob", "GET", path)).json).toEqual({
      room_id: room,
      servers: ["hearth.test"],
    });
    expect((await api.call("alice", "GET", `/rooms/${room}/aliases`)).json).toEqual({
      aliases: ["#den:hearth.test"],
    });
    const hidden = `/rooms/${room}/aliases`;
    expect(await outcome(api, "bob", "GET", hidden)).toEqual([403, "M_FORBIDDEN"]);
  });

  test("are deleted by those who may, and then free for others", async () => {
    await using api = await roomApi(["alice", "bob"]);
    const room = await api.createRoom("alice", {
      preset: "public_chat",
      room_alias_name: "den",
    });
    await api.call("bob", "POST", `/rooms/${room}/join`, {});
    const path = aliasPath("#den:hearth.test");
    expect(await outcome(api, "bob", "DELETE", path)).toEqual([403, "M_FORBIDDEN"]);
    expect(await outcome(api, "alice", "DELETE", path)).toEqual([200]);
    expect((await api.state("alice", room, "m.room.canonical_alias")).json).toEqual({});
    expect(await outcome(api, "alice", "DELETE", path)).toEqual([404, "M_NOT_FOUND"]);
    expect(await outcome(api, "bob", "GET", path)).toEqual([404, "M_NOT_FOUND"]);
    const other = await api.createRoom("bob");
    expect(await outcome(api, "bob", "PUT", path, { room_id: other })).toEqual([200]);
  });
});

describe("the published directory", () => {
  test("shows what was published, to be changed by those who may name the room", async () => {
    await using api = await roomApi(["alice", "bob"]);
    const room = await api.createRoom("alice", {
      preset: "public_chat",
      name: "Den",
      topic: "Bears",
      room_alias_name: "den",
      creation_content: { type: "m.space" },
    });
    await api.call("bob", "POST", `/rooms/${room}/join`, {});
    const path = `/directory/list/room/${room}`;
    expect((await api.call("bob", "GET", path)).json).toEqual({ visibility: "private" });
    expect(await outcome(api, "bob", "PUT", path, {})).toEqual([403, "M_FORBIDDEN"]);
    expect(await outcome(api, "alice", "PUT", path, {})).toEqual([200]);
    expect((await api.call("bob", "GET", "/publicRooms")).json).toEqual({
      chunk: [
        {
          room_id: room,
          name: "Den",
          topic: "Bears",
          canonical_alias: "#den:hearth.test",
          room_type: "m.space",
          num_joined_members: 2,
          world_readable: false,
          guest_can_join: false,
          join_rule: "public",
        },
      ],
      total_room_count_estimate: 1,
    });
    await api.call("alice", "PUT", path, { visibility: "private" });
    expect((await api.call("bob", "GET", "/publicRooms")).json["chunk"]).toEqual([]);
    const unknown = "/directory/list/room/!none";
    expect(await outcome(api, "alice", "GET", unknown)).toEqual([404, "M_NOT_FOUND"]);
    const remote = "/publicRooms?server=elsewhere.test";
    expect(await outcome(api, "alice", "GET", remote)).toEqual([404, "M_NOT_FOUND"]);
  });

  test("is searched by words and by type", async () => {
    await using api = await roomApi(["alice"]);
    const make = (body: JsonObject) => api.createRoom("alice", { visibility: "public", ...body });
    const bears = await make({ name: "Brown BEARS" });
    const space = await make({ topic: "about bears", creation_content: { type: "m.space" } });
    const cats = await make({ name: "Cats" });
    const found = async (filter: unknown): Promise<unknown[]> => {
      const { json } = await api.call("alice", "POST", "/publicRooms", { filter });
      return (json["chunk"] as { room_id: string }[]).map((room) => room.room_id).toSorted();
    };
    expect(await found({ generic_search_term: "bears" })).toEqual([bears, space].toSorted());
    expect(await found({ room_types: ["m.space"] })).toEqual([space]);
    expect(await found({ room_types: [null] })).toEqual([bears, cats].toSorted());
    expect(await found({ room_types: [null], generic_search_term: "cat" })).toEqual([cats]);
  });

  test("is paged forwards and backwards with tokens that another box takes (N=2)", async () => {
    const { boxes } = await someBoxes(2);
    const [one, two] = boxes;
    if (!one || !two) throw new Error("two boxes were asked for");
    try {
      const user = userOf("alice");
      const made: string[] = [];
      for (let i = 0; i < 5; i++) {
        made.push(await createRoom(one.services, { user, body: { visibility: "public" } }));
      }
      const page = async (box: typeof one, since?: unknown): Promise<[string[], JsonObject]> => {
        const token = typeof since === "string" ? { since } : {};
        const answer = await publicRooms(box.services, { limit: 2, ...token });
        const chunk = answer["chunk"] as unknown as { room_id: string }[];
        return [chunk.map((room) => room.room_id), answer];
      };
      const [first, a] = await page(one);
      const [second, b] = await page(two, a["next_batch"]);
      const [third, c] = await page(one, b["next_batch"]);
      expect([...first, ...second, ...third]).toEqual(made.toSorted());
      expect([a["prev_batch"], c["next_batch"]]).toEqual([undefined, undefined]);
      expect((await page(two, c["prev_batch"]))[0]).toEqual(second);
      await expect(publicRooms(one.services, { since: "nonsense" })).rejects.toMatchObject({
        errcode: "M_INVALID_PARAM",
      });
    } finally {
      for (const box of boxes) await box.stop();
    }
  });
});
