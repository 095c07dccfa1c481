import type { JsonObject } from "../json.ts";
import { stateText } from "../rooms/queries/room-facts.ts";
import { roomState } from "../tables.ts";
import type { Presenter } from "../timeline/presenter.ts";
import { HEROES_MAX, MEMBERS_MAX } from "./constants.ts";
import { membershipOf } from "./members.ts";
import type { Pass } from "./pass.ts";
import type { UserId } from "../ids.ts";

export interface Summary {
  readonly heroes: readonly UserId[];
  readonly json: JsonObject;
}

/**
 * How many are in a room and, where it has no name, who they are.
 * https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3sync (RoomSummary)
 */
export async function summarise(pass: Pass, presenter: Presenter): Promise<Summary> {
  const { room, meta } = presenter.history;
  const counts = {
    "m.joined_member_count": meta?.joined ?? 0,
    "m.invited_member_count": meta?.invited ?? 0,
  };
  const isNamed =
    stateText(pass.snapshot, room, "m.room.name", "name") ??
    stateText(pass.snapshot, room, "m.room.canonical_alias", "alias");
  const heroes = isNamed === undefined ? await findHeroes(pass, presenter) : [];
  return { heroes, json: isNamed === undefined ? { "m.heroes": heroes, ...counts } : counts };
}

/** The first to be in the room or invited; when the user is alone, those who were. */
async function findHeroes(pass: Pass, presenter: Presenter): Promise<UserId[]> {
  const { history } = presenter;
  const rows = await pass.snapshot.range(roomState, {
    prefix: [history.room, "m.room.member"],
    limit: MEMBERS_MAX,
  });
  const here: { user: UserId; depth: number }[] = [];
  const gone: { user: UserId; depth: number }[] = [];
  for (const [[, , stateKey], id] of rows) {
    const user = stateKey as UserId;
    if (user === pass.request.requester.user) continue;
    const membership = membershipOf(pass, history.room, user);
    const isHere = membership === "join" || membership === "invite";
    if (!isHere && membership !== "leave" && membership !== "ban") continue;
    (isHere ? here : gone).push({ user, depth: history.event(id)?.pdu.depth ?? 0 });
  }
  const chosen = here.length > 0 ? here : gone;
  return chosen
    .toSorted((a, b) => a.depth - b.depth || (a.user < b.user ? -1 : 1))
    .slice(0, HEROES_MAX)
    .map(({ user }) => user);
}
