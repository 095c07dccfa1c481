import { MAIN_TIMELINE, markedEvent, threadRoot } from "../ephemeral-facts/read-position.ts";
import type { JsonObject } from "../json.ts";
import { evaluatePush } from "../push/evaluate.ts";
import type { CompiledRules } from "../push/evaluate.ts";
import { puts, topicVector } from "../tables.ts";
import type { StoredEvent } from "../tables.ts";
import { comparePositions, positionOf } from "../timeline/position.ts";
import type { Position } from "../timeline/position.ts";
import type { Presenter } from "../timeline/presenter.ts";
import { walk } from "../timeline/walk.ts";
import type { Vector } from "../vector.ts";
import { EMPTY_VECTOR, merge } from "../vector.ts";
import { UNREAD_WALK_MAX } from "./constants.ts";
import { News } from "./news.ts";
import type { Pass } from "./pass.ts";
import { pushContext, pushEvent, pushRules } from "./push-context.ts";
import type { Onlooker } from "./push-context.ts";

interface UnreadItem {
  readonly at: Position;
  /** `main` or the thread's root. */
  readonly thread: string;
  readonly highlight: boolean;
}

/** What notified a user in a room and was not read, as of one vector of the room's topic. */
export interface UnreadEntry {
  readonly at: Vector;
  /** What had been looked at: at least what `at` was read with. */
  readonly reached: Vector;
  readonly rules: CompiledRules;
  readonly items: readonly UnreadItem[];
  /** The user's own newest event of each thread: sending reads what is before. */
  readonly sent: ReadonlyMap<string, Position>;
}

interface Counts {
  notifications: number;
  highlights: number;
}

/**
 * `unread_notifications` and `unread_thread_notifications` of a room, worked out from the push rules and
 * kept in memory only: at most the newest few hundred events count.
 * https://spec.matrix.org/v1.19/client-server-api/#receiving-notifications
 */
export async function unreadCounts(pass: Pass, presenter: Presenter): Promise<JsonObject> {
  const byThread = new Map<string, Counts>([[MAIN_TIMELINE, { notifications: 0, highlights: 0 }]]);
  for (const item of await allUnread(pass, presenter)) {
    const counts = byThread.get(item.thread) ?? { notifications: 0, highlights: 0 };
    counts.notifications++;
    if (item.highlight) counts.highlights++;
    byThread.set(item.thread, counts);
  }
  if (!pass.request.filter.timeline.unreadThreadNotifications) {
    return { unread_notifications: asJson([...byThread.values()]) };
  }
  const threads = [...byThread].filter(([thread]) => thread !== MAIN_TIMELINE);
  const main = byThread.get(MAIN_TIMELINE);
  return {
    unread_notifications: asJson(main ? [main] : []),
    ...(threads.length > 0
      ? {
          unread_thread_notifications: Object.fromEntries(
            threads.map(([thread, counts]) => [thread, asJson([counts])]),
          ),
        }
      : {}),
  };
}

/** How many events of a room notified the user and were not read. */
export async function unreadTotal(onlooker: Onlooker, presenter: Presenter): Promise<number> {
  return (await allUnread(onlooker, presenter)).length;
}

async function allUnread(onlooker: Onlooker, presenter: Presenter): Promise<UnreadItem[]> {
  const entry = await currentEntry(onlooker, presenter);
  return unreadItems(onlooker, presenter, entry);
}

/** Has the user's receipt reached this event? */
export function isRead(onlooker: Onlooker, presenter: Presenter, event: StoredEvent): boolean {
  const thread = threadOf(onlooker, event);
  const read = latest(readUpTo(onlooker, presenter, ""), readUpTo(onlooker, presenter, thread));
  return read !== undefined && comparePositions(positionOf(event), read) <= 0;
}

function asJson(counts: readonly Counts[]): JsonObject {
  return {
    notification_count: counts.reduce((sum, { notifications }) => sum + notifications, 0),
    highlight_count: counts.reduce((sum, { highlights }) => sum + highlights, 0),
  };
}

async function currentEntry(onlooker: Onlooker, presenter: Presenter): Promise<UnreadEntry> {
  const { room } = presenter.history;
  const name = `${onlooker.user} ${room}`;
  const at = onlooker.snapshot.get(topicVector, [`room:${room}`]) ?? EMPTY_VECTOR;
  const rules = await pushRules(onlooker);
  const known = onlooker.memory.unread.get(name);
  if (known?.rules === rules && known.at === at) return known;
  const tally = new Tally(onlooker, presenter, rules);
  const isAdded = known?.rules === rules && (await addNewer(onlooker, presenter, tally, known));
  if (!isAdded) await countBackwards(onlooker, presenter, tally);
  const { vector } = onlooker.snapshot;
  // The known entry may come from a later snapshot: what it has counted must not be news again.
  const reached = known && isAdded ? merge(known.reached, vector) : vector;
  const entry = { at, reached, rules, items: tally.items, sent: tally.sent };
  onlooker.memory.unread.set(name, { ...entry, items: unreadItems(onlooker, presenter, entry) });
  return entry;
}

/** Judges events and gathers those that notify. */
class Tally {
  readonly items: UnreadItem[] = [];
  readonly sent = new Map<string, Position>();
  readonly #onlooker: Onlooker;
  readonly #presenter: Presenter;
  readonly #rules: CompiledRules;

  constructor(onlooker: Onlooker, presenter: Presenter, rules: CompiledRules) {
    this.#onlooker = onlooker;
    this.#presenter = presenter;
    this.#rules = rules;
  }

  add(event: StoredEvent): void {
    const { user } = this.#onlooker;
    const at = positionOf(event);
    if (event.pdu.sender === user) {
      const thread = threadOf(this.#onlooker, event);
      const before = this.sent.get(thread);
      if (!before || comparePositions(before, at) < 0) this.sent.set(thread, at);
      return;
    }
    if (event.redactedBy !== undefined) return;
    const context = pushContext(user, this.#presenter, event.pdu.sender);
    const { notify, highlight } = evaluatePush(this.#rules, pushEvent(event), context);
    if (!notify || !this.#presenter.shows(event)) return;
    this.items.push({ at, thread: threadOf(this.#onlooker, event), highlight });
  }
}

function threadOf({ snapshot }: Onlooker, event: StoredEvent): string {
  const root = threadRoot(snapshot, event.id);
  return root === undefined || root === "unknown" ? MAIN_TIMELINE : root;
}

/** Adds what came since the entry was made; false when that is too much to read. */
async function addNewer(
  onlooker: Onlooker,
  presenter: Presenter,
  tally: Tally,
  known: UnreadEntry,
): Promise<boolean> {
  const topic = `room:${presenter.history.room}` as const;
  const { items, complete } = await new News(onlooker.snapshot, known.reached).read(
    topic,
    UNREAD_WALK_MAX,
  );
  if (!complete) return false;
  const gone = new Set<string>();
  tally.items.push(...known.items);
  for (const [thread, at] of known.sent) tally.sent.set(thread, at);
  for (const { entry } of items) {
    if ("redacted" in entry) gone.add(entry.redacted);
    const event = "e" in entry ? presenter.history.event(entry.e) : undefined;
    if (event) tally.add(event);
  }
  if (gone.size > 0) {
    const kept = tally.items.filter(({ at }) => !gone.has(at.id));
    tally.items.splice(0, tally.items.length, ...kept);
  }
  return true;
}

/** From the newest event back to what was read as a whole, or to the user's own joining. */
async function countBackwards(
  onlooker: Onlooker,
  presenter: Presenter,
  tally: Tally,
): Promise<void> {
  const { history } = presenter;
  const { user } = onlooker;
  const read = readUpTo(onlooker, presenter, "");
  let scanned = 0;
  const chunk = 50;
  for await (const { at } of walk(onlooker.snapshot, history.room, "backwards", undefined, chunk)) {
    if ((read && comparePositions(at, read) <= 0) || ++scanned > UNREAD_WALK_MAX) return;
    const event = history.event(at.id);
    if (!event) continue;
    tally.add(event);
    const { type, state_key: stateKey, content } = event.pdu;
    if (type !== "m.room.member" || stateKey !== user) continue;
    const isProfile = history.content(history.before(event, type, user))?.["membership"] === "join";
    if (content["membership"] === "join" && !isProfile) return;
  }
}

function unreadItems(
  onlooker: Onlooker,
  presenter: Presenter,
  entry: Pick<UnreadEntry, "items" | "sent">,
): UnreadItem[] {
  if (entry.items.length === 0) return [];
  const all = readUpTo(onlooker, presenter, "");
  const floors = new Map<string, Position | undefined>();
  return entry.items.filter(({ at, thread }) => {
    if (!floors.has(thread)) {
      const own = readUpTo(onlooker, presenter, thread);
      floors.set(thread, latest(latest(all, own), entry.sent.get(thread)));
    }
    const floor = floors.get(thread);
    return floor === undefined || comparePositions(at, floor) > 0;
  });
}

/** Where the user's receipt for a thread stands; "" is the unthreaded one. */
function readUpTo(onlooker: Onlooker, presenter: Presenter, thread: string): Position | undefined {
  const { history } = presenter;
  const { user } = onlooker;
  let newest: Position | undefined;
  for (const type of ["m.read", "m.read.private"]) {
    const id = markedEvent(
      onlooker.snapshot.get(puts, ["receipt", history.room, user, type, thread])?.value,
    );
    const event = id === undefined ? undefined : history.event(id);
    if (event) newest = latest(newest, positionOf(event));
  }
  return newest;
}

function latest(a: Position | undefined, b: Position | undefined): Position | undefined {
  if (!a || !b) return a ?? b;
  return comparePositions(a, b) < 0 ? b : a;
}
