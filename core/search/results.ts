import type { RoomId, UserId } from "../ids.ts";
import type { Json, JsonObject } from "../json.ts";
import type { StoredEvent } from "../tables.ts";
import { eventsAround } from "../timeline/context.ts";
import type { Presenter } from "../timeline/presenter.ts";
import type { ContextWanted, GroupKey } from "./criteria.ts";
import type { Ground, Match } from "./find.ts";

/** The matches in the format of the answer, with what happened around them if asked for. */
export async function resultsJson(
  ground: Ground,
  page: readonly Match[],
  wanted: ContextWanted | undefined,
): Promise<JsonObject[]> {
  const byRoom = Map.groupBy(page, ({ event }) => event.room);
  const shown = new Map<Match, JsonObject>();
  for (const [room, matches] of byRoom) {
    const results = await ground.presenter(room).timeline(matches.map(({ event }) => event));
    matches.forEach((match, i) => shown.set(match, results[i] ?? {}));
  }
  const out: JsonObject[] = [];
  for (const match of page) {
    const { event, rank } = match;
    const context = wanted && (await contextOf(ground.presenter(event.room), event, wanted));
    out.push({ rank, result: shown.get(match), ...(context ? { context } : {}) });
  }
  return out;
}

async function contextOf(
  presenter: Presenter,
  event: StoredEvent,
  wanted: ContextWanted,
): Promise<JsonObject> {
  const { before, after, start, end } = await eventsAround(presenter, event, wanted);
  const around = [...before, event, ...after];
  return {
    start,
    end,
    events_before: await presenter.timeline(before),
    events_after: await presenter.timeline(after),
    ...(wanted.withProfiles ? { profile_info: profilesOf(presenter, around) } : {}),
  };
}

/** Names and pictures of the senders as they were at their events. */
function profilesOf({ history }: Presenter, events: readonly StoredEvent[]): JsonObject {
  const profiles = new Map<UserId, Json>();
  for (const event of events) {
    const { sender } = event.pdu;
    const member = history.content(history.after(event, "m.room.member", sender)) ?? {};
    const { displayname, avatar_url: avatarUrl } = member;
    profiles.set(sender, {
      ...(typeof displayname === "string" ? { displayname } : {}),
      ...(typeof avatarUrl === "string" ? { avatar_url: avatarUrl } : {}),
    });
  }
  return Object.fromEntries(profiles);
}

/** The results by room or sender; the groups are in the order of their first results. */
export function groupsJson(page: readonly Match[], keys: readonly GroupKey[]): JsonObject {
  const groupOf = { room_id: (e: StoredEvent) => e.room, sender: (e: StoredEvent) => e.pdu.sender };
  return Object.fromEntries(
    keys.map((key) => {
      const groups = Map.groupBy(page, ({ event }): RoomId | UserId => groupOf[key](event));
      const json = [...groups].map(([name, matches], order) => {
        return [name, { order, results: matches.map(({ event }) => event.id) }] as const;
      });
      return [key, Object.fromEntries(json)];
    }),
  );
}
