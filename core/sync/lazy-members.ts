import type { EventId, RoomId } from "../ids.ts";
import { roomState } from "../tables.ts";
import type { StoredEvent } from "../tables.ts";
import type { Presenter } from "../timeline/presenter.ts";
import type { Vector } from "../vector.ts";
import { includes } from "../vector.ts";
import { LAZY_MEMBERS_MAX } from "./constants.ts";
import type { Pass } from "./pass.ts";

/** By room and user: the member event and the token that came with it. */
export type Members = Map<string, { readonly event: EventId; readonly reached: Vector }>;

/** Member events that one device was sent, up to the look that notes what it sends. */
export interface SentMembers {
  /** The snapshot of that look. */
  readonly at: Vector;
  readonly members: Members;
}

/**
 * With lazy loading, leaves out of a room's state the members who do not matter to the timeline, and
 * adds those who do. `state` is what has changed, or everything when `whole`.
 * https://spec.matrix.org/v1.19/client-server-api/#lazy-loading-room-members
 */
export function lazily(
  pass: Pass,
  presenter: Presenter,
  state: readonly StoredEvent[],
  options: {
    readonly whole: boolean;
    readonly timeline: readonly StoredEvent[];
    /** Further users whose member event the client needs: itself, the heroes. */
    readonly wanted: readonly string[];
  },
): StoredEvent[] {
  const { filter } = pass.request;
  if (!filter.state.lazyLoadMembers) return [...state];
  const wanted = new Set([...options.wanted, ...options.timeline.map(({ pdu }) => pdu.sender)]);
  const out = options.whole ? state.filter((event) => !isUnwanted(event, wanted)) : [...state];
  // With `state_after` the client takes no state from the timeline.
  const atEnd = pass.request.stateAfter !== false;
  const told = atEnd ? out : [...out, ...options.timeline];
  const named = new Set<string>(
    told.flatMap(({ pdu }) => (pdu.type === "m.room.member" ? (pdu.state_key ?? []) : [])),
  );
  for (const user of wanted) {
    if (named.has(user)) continue;
    const event = memberEvent(presenter, atEnd ? undefined : options.timeline[0], user);
    if (event && !isRedundant(pass, presenter.history.room, user, event.id)) out.push(event);
  }
  remember(pass, presenter.history.room, out);
  return out;
}

function isUnwanted({ pdu }: StoredEvent, wanted: ReadonlySet<string>): boolean {
  return pdu.type === "m.room.member" && !wanted.has(pdu.state_key ?? "");
}

/** As of the start of the timeline, or now. */
function memberEvent(
  presenter: Presenter,
  first: StoredEvent | undefined,
  user: string,
): StoredEvent | undefined {
  const { history } = presenter;
  const id =
    (first && history.before(first, "m.room.member", user)) ??
    history.view.get(roomState, [history.room, "m.room.member", user]);
  return id === undefined ? undefined : history.event(id);
}

function memoryName({ request }: Pass): string {
  return `${request.requester.user}|${request.requester.device}|${request.filter.name}`;
}

/** Was it sent before, in a response that the client has since gone on from? */
function isRedundant(pass: Pass, room: RoomId, user: string, event: EventId): boolean {
  const { filter, since } = pass.request;
  if (filter.state.includeRedundantMembers || !since || pass.request.fullState) return false;
  return sentMembers(pass).get(`${room} ${user}`)?.event === event;
}

function remember(pass: Pass, room: RoomId, state: readonly StoredEvent[]): void {
  const sent = sentMembers(pass);
  for (const { id, pdu } of state) {
    if (pdu.type !== "m.room.member" || pdu.state_key === undefined) continue;
    if (sent.size >= LAZY_MEMBERS_MAX) sent.clear();
    sent.set(`${room} ${pdu.state_key}`, { event: id, reached: pass.reached });
  }
}

/**
 * What the device has gone on from. The rest is forgotten when a look begins: a lost response told of it,
 * and a later token that knows nothing of that response covers the one that came with it. For the same
 * reason each look has a copy of its own: of two at once, what the earlier one adds is forgotten.
 */
function sentMembers(pass: Pass): Members {
  if (pass.sentMembers) return pass.sentMembers;
  const { since } = pass.request;
  const name = memoryName(pass);
  const known = pass.memory.sentMembers.get(name);
  const members: Members = new Map(known?.members);
  for (const [key, { reached }] of members) {
    if (!since || !includes(since.vector, reached)) members.delete(key);
  }
  pass.sentMembers = members;
  // A slow look does not take the place of one that overtook it with a later snapshot.
  const at = pass.snapshot.vector;
  if (!known || includes(at, known.at)) pass.memory.sentMembers.set(name, { at, members });
  return members;
}
