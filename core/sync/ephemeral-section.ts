import type { RoomId } from "../ids.ts";
import type { Json, JsonObject } from "../json.ts";
import { isObject } from "../json.ts";
import { puts } from "../tables.ts";
import { RECEIPTS_MAX, TOPIC_ROWS_MAX } from "./constants.ts";
import type { Pass } from "./pass.ts";

/** A receipt in force. */
interface Receipt {
  readonly user: string;
  readonly type: string;
  readonly thread: string;
  readonly event: string;
  readonly ts: number;
}

type Content = Record<string, Record<string, Record<string, Json>>>;

/**
 * `m.receipt` events of a room: all that hold for a client that comes new to it, else what changed.
 * https://spec.matrix.org/v1.19/client-server-api/#receipts
 */
export async function receiptEvents(
  pass: Pass,
  room: RoomId,
  isNewcomer: boolean,
): Promise<JsonObject[]> {
  const keys = isNewcomer ? await allKeys(pass, room) : await newKeys(pass, room);
  const receipts = [...keys.values()].flatMap((key) => readReceipt(pass, room, key) ?? []);
  return groupReceipts(receipts);
}

type ReceiptKey = readonly [user: string, type: string, thread: string];

async function allKeys(pass: Pass, room: RoomId): Promise<Map<string, ReceiptKey>> {
  const rows = await pass.snapshot.range(puts, { prefix: ["receipt", room], limit: RECEIPTS_MAX });
  return new Map(
    rows.map(([[, , user = "", type = "", thread = ""]]) => [
      `${user} ${type} ${thread}`,
      [user, type, thread],
    ]),
  );
}

async function newKeys(pass: Pass, room: RoomId): Promise<Map<string, ReceiptKey>> {
  const found = new Map<string, ReceiptKey>();
  if (!pass.valueNews.touches(`receipts:${room}`)) return found;
  const { items, complete } = await pass.valueNews.read(`receipts:${room}`, TOPIC_ROWS_MAX);
  if (!complete) return allKeys(pass, room);
  for (const { entry } of items) {
    if ("receipt" in entry) found.set(entry.receipt.join(" "), entry.receipt);
  }
  return found;
}

function readReceipt(
  pass: Pass,
  room: RoomId,
  [user, type, thread]: ReceiptKey,
): Receipt | undefined {
  // A private receipt is nobody else's business.
  const isOthers = user !== pass.request.requester.user;
  if (type === "m.read.private" && isOthers) return undefined;
  if (type !== "m.read" && type !== "m.read.private") return undefined;
  const value = pass.snapshot.get(puts, ["receipt", room, user, type, thread])?.value;
  if (!isObject(value)) return undefined;
  const { event_id: event, ts } = value;
  if (typeof event !== "string") return undefined;
  return { user, type, thread, event, ts: typeof ts === "number" ? ts : 0 };
}

/** One event holds one receipt of each type for a user and an event; a second thread's goes into the next. */
function groupReceipts(receipts: readonly Receipt[]): JsonObject[] {
  const contents: Content[] = [];
  for (const { user, type, thread, event, ts } of receipts) {
    const value = { ts, ...(thread === "" ? {} : { thread_id: thread }) };
    let content = contents.find((other) => other[event]?.[type]?.[user] === undefined);
    if (!content) {
      content = {};
      contents.push(content);
    }
    ((content[event] ??= {})[type] ??= {})[user] = value;
  }
  return contents.map((content) => ({ type: "m.receipt", content }));
}

/** Who types, by room: rooms in which that changed since the client was last told. */
export class TypingNews {
  readonly #rooms = new Map<RoomId, { changed: boolean; readonly users: string[] }>();
  readonly #isOtherBox: boolean;

  constructor(pass: Pass) {
    const since = pass.ephemeralSince;
    this.#isOtherBox = since === 0 && !pass.isInitial;
    for (const { kind, key, serial, ended } of pass.deps.ephemeral.since(0)) {
      if (kind !== "typing") continue;
      const [room, user] = key.split("\u001f") as [RoomId, string];
      const known = this.#rooms.get(room) ?? { changed: false, users: [] };
      known.changed ||= serial > since;
      if (!ended) known.users.push(user);
      this.#rooms.set(room, known);
    }
  }

  /** The `m.typing` event to send; nobody types in a room that a client comes new to unless said. */
  event(room: RoomId, isNewcomer: boolean): JsonObject | undefined {
    const known = this.#rooms.get(room);
    if (!known || !(isNewcomer ? known.users.length > 0 : known.changed)) return undefined;
    return { type: "m.typing", content: { user_ids: known.users.toSorted() } };
  }

  /** Does it answer a waiting request? What another box counted may be known to the client. */
  get isNews(): boolean {
    return !this.#isOtherBox;
  }
}
