import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../../core/json.ts";
import { roomApi, userOf } from "../../support/room-api.ts";
import type { RoomApi } from "../../support/room-api.ts";

/**
 * Every way to read a room tells the same: for each visibility, what each kind of person may read.
 * https://spec.matrix.org/v1.19/client-server-api/#room-history-visibility
 */

/** What happens in the room, a message at each stage. */
const STAGES = ["before", "invited", "joined", "after", "end"] as const;
type Stage = (typeof STAGES)[number];

/** "before" any invitation; all but the stranger are invited; all but the invited one join. */
const PEOPLE = {
  member: "stays from then on",
  returner: "leaves after 'joined', is invited and joins again after 'after'",
  leaver: "leaves after 'joined'",
  banned: "is banned after 'joined'",
  invitee: "is invited and never joins",
  stranger: "has nothing to do with the room",
} as const;
type Person = keyof typeof PEOPLE;

const VISIBILITIES = ["world_readable", "shared", "invited", "joined"] as const;
type Visibility = (typeof VISIBILITIES)[number];

const ALL = [...STAGES];
const SEEN: Record<Visibility, Record<Person, readonly Stage[]>> = {
  world_readable: {
    member: ALL,
    returner: ALL,
    leaver: ALL,
    banned: ALL,
    invitee: ALL,
    stranger: ALL,
  },
  shared: {
    member: ALL,
    returner: ALL,
    leaver: ["before", "invited", "joined"],
    banned: ["before", "invited", "joined"],
    invitee: [],
    stranger: [],
  },
  invited: {
    member: ["invited", "joined", "after", "end"],
    returner: ["invited", "joined", "end"],
    leaver: ["invited", "joined"],
    banned: ["invited", "joined"],
    // Single events only: the room as a whole is closed to those who have not joined.
    invitee: ["invited", "joined", "after", "end"],
    stranger: [],
  },
  joined: {
    member: ["joined", "after", "end"],
    returner: ["joined", "end"],
    leaver: ["joined"],
    banned: ["joined"],
    invitee: [],
    stranger: [],
  },
};

interface Said {
  readonly message: string;
  readonly ts: number;
  readonly threadRoot: string;
}

interface Scene {
  readonly api: RoomApi;
  readonly room: string;
  /** The event that set the visibility; all messages refer to it. */
  readonly setting: string;
  readonly said: ReadonlyMap<Stage, Said>;
}

const scenes = new Map<Visibility, Scene>();

async function play(visibility: Visibility): Promise<Scene> {
  let now = 1_767_225_600_000;
  const users = ["alice", ...Object.keys(PEOPLE)];
  const api = await roomApi(users, { wallClock: () => (now += 5) });
  const type = "m.room.history_visibility";
  const initial = { type, state_key: "", content: { history_visibility: visibility } };
  const room = await api.createRoom("alice", { preset: "private_chat", initial_state: [initial] });
  const setting = await api.call("alice", "GET", `/rooms/${room}/state/${type}?format=event`);
  const scene = { api, room, setting: String(setting.json["event_id"]), said: new Map() };
  const some = async (people: readonly Person[], action: string): Promise<void> => {
    for (const name of people) {
      const isOwn = action === "join" || action === "leave";
      const body = isOwn ? {} : { user_id: userOf(name) };
      const as = isOwn ? name : "alice";
      const { status, text } = await api.call(as, "POST", `/rooms/${room}/${action}`, body);
      if (status !== 200) throw new Error(text);
    }
  };
  await say(scene, "before");
  await some(["member", "returner", "leaver", "banned", "invitee"], "invite");
  await say(scene, "invited");
  await some(["member", "returner", "leaver", "banned"], "join");
  await say(scene, "joined");
  await some(["returner", "leaver"], "leave");
  await some(["banned"], "ban");
  await say(scene, "after");
  await some(["returner"], "invite");
  await some(["returner"], "join");
  await say(scene, "end");
  return scene;
}

async function say(
  { api, room, setting, said }: Scene & { said: Map<Stage, Said> },
  stage: Stage,
): Promise<void> {
  let count = 0;
  const send = async (content: JsonObject): Promise<string> => {
    const path = `/rooms/${room}/send/m.room.message/${stage}${count++}`;
    return String((await api.call("alice", "PUT", path, content)).json["event_id"]);
  };
  const refer = (rel_type: string, event_id: string) => ({
    "m.relates_to": { rel_type, event_id },
  });
  const message = await send({ body: `needle ${stage}`, ...refer("m.reference", setting) });
  const threadRoot = await send({ body: `thread ${stage}` });
  await send({ body: `reply ${stage}`, ...refer("m.thread", threadRoot) });
  await api.call("alice", "PUT", `/rooms/${room}/state/org.stage`, { stage });
  const { json } = await api.call("alice", "GET", `/rooms/${room}/event/${message}`);
  said.set(stage, { message, threadRoot, ts: Number(json["origin_server_ts"]) });
}

type Told = readonly Stage[] | number;

/** The stages whose messages, or threads, are among the events; or the status of a refusal. */
function told(
  { said }: Scene,
  status: number,
  events: unknown,
  key: "message" | "threadRoot",
): Told {
  if (status !== 200) return status;
  const ids = new Set((events as { event_id: string }[]).map((event) => event.event_id));
  return STAGES.filter((stage) => ids.has(said.get(stage)?.[key] ?? ""));
}

async function stagesWhere(
  { said }: Scene,
  holds: (said: Said) => Promise<boolean>,
): Promise<Stage[]> {
  const found: Stage[] = [];
  for (const stage of STAGES) {
    const at = said.get(stage);
    if (at && (await holds(at))) found.push(stage);
  }
  return found;
}

/** What each way of reading tells someone. */
const PATHS: Record<string, (scene: Scene, as: Person) => Promise<Told>> = {
  async messages(scene, as) {
    const path = `/rooms/${scene.room}/messages?dir=b&limit=100`;
    const { status, json } = await scene.api.call(as, "GET", path);
    return told(scene, status, json["chunk"], "message");
  },
  async threads(scene, as) {
    const path = `/_matrix/client/v1/rooms/${scene.room}/threads?limit=100`;
    const { status, json } = await scene.api.call(as, "GET", path);
    return told(scene, status, json["chunk"], "threadRoot");
  },
  async relations(scene, as) {
    const path = `/_matrix/client/v1/rooms/${scene.room}/relations/${scene.setting}?limit=100`;
    const { status, json } = await scene.api.call(as, "GET", path);
    return told(scene, status, json["chunk"], "message");
  },
  async context(scene, as) {
    const around = new Set<Stage>();
    let refusal = 0;
    for (const { message } of scene.said.values()) {
      const path = `/rooms/${scene.room}/context/${message}?limit=100`;
      const { status, json } = await scene.api.call(as, "GET", path);
      const { event, events_before, events_after } = json as Record<string, unknown[]>;
      const events =
        status === 200 ? [event, ...(events_before ?? []), ...(events_after ?? [])] : [];
      if (status !== 200) refusal = status;
      for (const stage of told(scene, 200, events, "message") as Stage[]) around.add(stage);
    }
    return around.size === 0 && refusal === 403 ? 403 : STAGES.filter((stage) => around.has(stage));
  },
  async timestampToEvent(scene, as) {
    let isRefused = false;
    const stages = await stagesWhere(scene, async ({ ts, message }) => {
      const path = `/_matrix/client/v1/rooms/${scene.room}/timestamp_to_event?dir=f&ts=${ts}`;
      const { status, json } = await scene.api.call(as, "GET", path);
      isRefused ||= status === 403;
      return json["event_id"] === message;
    });
    return isRefused ? 403 : stages;
  },
};

describe.each(VISIBILITIES)("where history is %s", (visibility) => {
  beforeAll(async () => void scenes.set(visibility, await play(visibility)));
  afterAll(async () => scenes.get(visibility)?.api[Symbol.asyncDispose]());

  const scene = (): Scene => {
    const found = scenes.get(visibility);
    if (!found) throw new Error("the scene was not played");
    return found;
  };

  describe.each(Object.keys(PEOPLE) as Person[])("a person: %s", (person) => {
    const seen = SEEN[visibility][person];
    const isOutside = person === "invitee" || person === "stranger";
    const isClosed = isOutside && visibility !== "world_readable";

    test.each(Object.keys(PATHS))("reads by %s what may be seen", async (path) => {
      const refusal = path === "relations" ? 404 : 403;
      expect(await PATHS[path]?.(scene(), person)).toEqual(isClosed ? refusal : seen);
    });

    test("reads single events that may be seen, with what relates to them", async () => {
      const { api, room } = scene();
      const readable = async (path: string): Promise<readonly Stage[]> =>
        stagesWhere(scene(), async ({ message }) => {
          const { status } = await api.call(person, "GET", path + message);
          expect(status === 200 || status === 404).toBe(true);
          return status === 200;
        });
      expect(await readable(`/rooms/${room}/event/`)).toEqual(seen);
      expect(await readable(`/_matrix/client/v1/rooms/${room}/relations/`)).toEqual(seen);
    });

    test("finds what may be seen in rooms that were joined", async () => {
      const criteria = { search_term: "needle", filter: { limit: 50 } };
      const body = { search_categories: { room_events: criteria } };
      const { json } = await scene().api.call(person, "POST", "/search", body);
      const categories = json["search_categories"] as { room_events: { results: JsonObject[] } };
      const results = categories.room_events.results.map(({ result }) => result);
      expect(told(scene(), 200, results, "message")).toEqual(isOutside ? [] : seen);
    });

    test("syncs what may be seen, and of a room that was left what happened meanwhile", async () => {
      const filter = { room: { include_leave: true, timeline: { limit: 100 } } };
      const query = `filter=${encodeURIComponent(JSON.stringify(filter))}`;
      const { json } = await scene().api.call(person, "GET", `/sync?${query}`);
      const rooms = (json["rooms"] ?? {}) as Record<string, Record<string, never>>;
      const { room } = scene();
      const part = rooms["join"]?.[room] ?? rooms["leave"]?.[room];
      const events = (part as { timeline?: { events: unknown[] } } | undefined)?.timeline?.events;
      const isPast = person === "leaver" || person === "banned";
      const expected = isOutside ? [] : isPast ? ["joined"] : seen;
      expect(told(scene(), 200, events ?? [], "message")).toEqual(expected);
    });

    test("reads the state of now, of leaving, or none", async () => {
      const { api, room } = scene();
      const one = await api.state(person, room as never, "org.stage");
      const all = await api.call(person, "GET", `/rooms/${room}/state`);
      const members = await api.call(person, "GET", `/rooms/${room}/members`);
      const isPast = person === "leaver" || person === "banned";
      const expected = isPast && visibility !== "world_readable" ? "joined" : "end";
      expect([one.status, all.status, members.status]).toEqual(Array(3).fill(isClosed ? 403 : 200));
      if (isClosed) return;
      expect(one.json).toEqual({ stage: expected });
      expect(JSON.stringify(all.json ?? all.text)).toContain(`{"stage":"${expected}"}`);
    });
  });
});
