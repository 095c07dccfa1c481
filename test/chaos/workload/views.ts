import { textsOf, timelineOf } from "../../e2e/support/client.ts";
import type { TestUser } from "../../e2e/support/client.ts";
import type { BoxView } from "../evidence.ts";
import type { Machine } from "../machine.ts";

/** Of a first `/sync`, so many events of each room. */
const LATEST_EVENTS = 100;

/** Everything that one box shows of the rooms. */
export async function viewOf(
  machine: Machine,
  user: TestUser,
  rooms: readonly string[],
): Promise<BoxView> {
  const { url } = machine.box;
  const filter = { room: { timeline: { limit: LATEST_EVENTS } } };
  const first = await user.sync(url, undefined, 0, filter);
  const view = {
    box: machine.name,
    messages: new Map<string, string[]>(),
    latest: new Map<string, string[]>(),
    whole: new Map<string, string>(),
  };
  for (const room of rooms) {
    const history = await user.history(url, room);
    const receipts = first["rooms"]?.["join"]?.[room]?.["ephemeral"]?.["events"] ?? [];
    const state = [...(await user.state(url, room))].toSorted();
    view.messages.set(room, textsOf(history));
    view.latest.set(room, textsOf(timelineOf(first, room)));
    const ids = history.map((event) => event["event_id"]);
    view.whole.set(room, JSON.stringify({ ids, state, receipts: inOrder(receipts) }));
  }
  return view;
}

export async function topicsOn(
  machine: Machine,
  user: TestUser,
  rooms: readonly string[],
): Promise<string[]> {
  const path = (room: string): string => `/rooms/${encodeURIComponent(room)}/state/m.room.topic/`;
  const all = rooms.map((room) => user.request("GET", machine.box.url, path(room)));
  return (await Promise.all(all)).map(({ body }) => String(body["topic"] ?? ""));
}

/** With the members of every object sorted: boxes need not agree on their order. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, inOrder(member)]));
}
