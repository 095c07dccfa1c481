import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventIdOf } from "../../../core/event/hash.ts";
import type { EventId, RoomId } from "../../../core/ids.ts";
import type { JsonObject } from "../../../core/json.ts";
import type { Command } from "../../../core/ports.ts";
import { buildEvent } from "../../../core/rooms/build-event.ts";
import { roomVersion } from "../../../core/room-version/table.ts";
import { events, rooms } from "../../../core/tables.ts";
import type { EventRecord } from "../../../core/transaction/records.ts";
import { roomApi, userOf } from "../../support/room-api.ts";
import type { RoomApi } from "../../support/room-api.ts";

/** Events that are kept and must not be shown, with how each comes to be one. */
const UNSEEN: Record<string, { readonly sender: string; readonly mark: Partial<EventRecord> }> = {
  rejected: { sender: "stranger", mark: {} },
  "soft-failed": { sender: "alice", mark: { softFailed: true } },
  outlier: { sender: "alice", mark: { entered: "outlier", heads: [] } },
};

let api: RoomApi;
let room: RoomId;
/** What the unseen events say that they edit, answer and react to. */
let parent: EventId;
const unseen = new Map<string, EventId>();

/** Puts an event into the journal past the door that would have refused or not shown it. */
const putUnseen: Command<{ name: string; content: JsonObject }, EventId> = (
  draft,
  { name, content },
  env,
) => {
  const { sender = "", mark = {} } = UNSEEN[name] ?? {};
  const meta = draft.get(rooms, [room]);
  if (!meta) throw new Error("the room is known");
  const event = { room, sender: userOf(sender), type: "m.room.message", content };
  const pdu = buildEvent(draft, env, event);
  const id = eventIdOf(roomVersion(meta.version), pdu);
  draft.stage({ kind: "event", id, room, pdu, heads: meta.heads, ...mark });
  return id;
};

async function ask(path: string): Promise<string> {
  return (await api.call("bob", "GET", path)).text;
}

beforeAll(async () => {
  api = await roomApi(["alice", "bob", "stranger"]);
  room = await api.createRoom("alice", { preset: "public_chat" });
  await api.call("bob", "POST", `/join/${room}`, {});
  const path = `/rooms/${room}/send/m.room.message/1`;
  const sent = await api.call("alice", "PUT", path, { body: "parent" });
  parent = sent.json["event_id"] as EventId;
  for (const name of Object.keys(UNSEEN)) {
    for (const rel_type of ["m.replace", "m.thread", "m.annotation"]) {
      const content = {
        body: "needle",
        "m.new_content": { body: "needle" },
        "m.relates_to": { rel_type, event_id: parent },
        "m.mentions": { user_ids: [userOf("bob")] },
      };
      const input = { name, content };
      unseen.set(`${name} ${rel_type}`, await api.services.runner.run(putUnseen, input));
    }
  }
});
afterAll(() => api[Symbol.asyncDispose]());

test("they are there, each for its reason", () => {
  using snapshot = api.services.reader.snapshot();
  for (const [name, id] of unseen) {
    const stored = snapshot.get(events, [id]);
    const [why = ""] = name.split(" ");
    expect(stored?.rejected === undefined ? stored?.hidden : "rejected").toBe(why);
  }
});

describe("are not told by", () => {
  const paths: Record<string, () => string> = {
    messages: () => `/rooms/${room}/messages?dir=b&limit=100`,
    context: () => `/rooms/${room}/context/${parent}?limit=100`,
    event: () => `/rooms/${room}/event/${parent}`,
    relations: () => `/_matrix/client/v1/rooms/${room}/relations/${parent}?limit=100`,
    threads: () => `/_matrix/client/v1/rooms/${room}/threads`,
    state: () => `/rooms/${room}/state`,
    sync: () => "/sync",
  };

  test.each(Object.keys(paths))("%s", async (name) => {
    const text = await ask(paths[name]?.() ?? "");
    expect(text).toContain(name === "threads" ? "chunk" : name === "relations" ? "chunk" : room);
    expect(text).not.toContain("needle");
    expect(text).not.toContain("m.relations");
    for (const id of unseen.values()) expect(text).not.toContain(id);
  });

  test("search", async () => {
    const find = async (term: string): Promise<string> => {
      const body = { search_categories: { room_events: { search_term: term } } };
      return (await api.call("bob", "POST", "/search", body)).text;
    };
    expect(await find("parent")).toContain(parent);
    expect(await find("needle")).not.toContain("event_id");
  });

  test("the event nearest to their time", async () => {
    const path = `/_matrix/client/v1/rooms/${room}/timestamp_to_event?dir=b&ts=${Date.now() + 9e9}`;
    expect(JSON.parse(await ask(path))).toMatchObject({ event_id: parent });
  });

  test("what is unread", async () => {
    const { rooms: told } = JSON.parse(await ask("/sync")) as {
      rooms: { join: Record<string, { unread_notifications: JsonObject }> };
    };
    const count = told.join[room]?.unread_notifications["highlight_count"];
    expect(count).toBe(0);
  });
});

test.each(["event", "context", "relations"])(
  "are not found by their own ID by %s",
  async (name) => {
    const base = name === "relations" ? "/_matrix/client/v1" : "";
    for (const id of unseen.values()) {
      const { status } = await api.call("bob", "GET", `${base}/rooms/${room}/${name}/${id}`);
      expect(status).toBe(404);
    }
  },
);
