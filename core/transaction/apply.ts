import { splitFieldKey } from "../documents/field-key.ts";
import type { Json } from "../json.ts";
import type { EventId, ServerName, UserId } from "../ids.ts";
import type { Documents, WritableView } from "../ports.ts";
import { indexPusher, PUSHERS } from "../push/pusher-index.ts";
import { projectEvent } from "../rooms/project-event.ts";
import { closedOrigins, events, fields, sessionRounds, users } from "../tables.ts";
import type { StoredEvent, Topic } from "../tables.ts";
import { boxOf } from "../vector.ts";
import type { Dot, Vector } from "../vector.ts";
import { applyEffect, applySettled } from "./apply-effect.ts";
import { applyPut } from "./apply-put.ts";
import { applyDequeue, applyEnqueue } from "./apply-queue.ts";
import type { isKnownRecord } from "./known-records.ts";
import type {
  ChangeRecord,
  CloseRecord,
  DocId,
  HybridTime,
  RoundRecord,
  TransactionRecord,
} from "./records.ts";
import { logToTopic } from "./topics.ts";
import { keepUnknownRecord } from "./unknown-records.ts";

/** What applying the records of one transaction works on. */
export interface ApplyContext {
  readonly view: WritableView;
  readonly docs: Documents;
  readonly dot: Dot;
  /** What the transaction was made upon; what its origin made before it goes without saying. */
  readonly causes: Vector;
  readonly time: HybridTime;
  readonly serverName: ServerName;
  /** What this version of the software knows; a test has another one. */
  readonly isKnown: typeof isKnownRecord;
  /** Collects the topics that the transaction says something about. */
  readonly touched: Set<Topic>;
}

export function storedEvent(context: ApplyContext, id: EventId): StoredEvent | undefined {
  return context.view.get(events, [id]);
}

/**
 * Applies one record: facts and everything derived from them. The result is the same on every box
 * whatever the order in which concurrent transactions arrive. `stagedKeys` is given where the record
 * was made by this very transaction: its event was authorised, its change is in the document, at
 * these keys. A record of unknown kind is kept for a later version of the software.
 */
export function applyRecord(
  context: ApplyContext,
  record: TransactionRecord,
  index: number,
  stagedKeys?: readonly string[],
): void {
  if (!context.isKnown(record)) return keepUnknownRecord(context, record, index);
  switch (record.kind) {
    case "event":
      return projectEvent(context, record, stagedKeys !== undefined);
    case "change":
      return applyChange(context, record, stagedKeys);
    case "put":
      return applyPut(context, record);
    case "enqueue":
      return applyEnqueue(context, record, index);
    case "dequeue":
      return applyDequeue(context, record);
    case "effect":
      return applyEffect(context, record, index);
    case "settled":
      return applySettled(context, record);
    case "round":
      return applyRound(context, record);
    case "close":
      return applyClose(context, record);
    case "birth":
      return;
  }
}

/** Only the box itself knows where its earlier lives ended. */
function applyClose({ view, dot }: ApplyContext, { origin, seq }: CloseRecord): void {
  if (boxOf(origin) === boxOf(dot.origin)) view.put(closedOrigins, [origin], seq);
}

function applyRound({ view }: ApplyContext, { session, round }: RoundRecord): void {
  if (round > (view.get(sessionRounds, [session]) ?? 0)) view.put(sessionRounds, [session], round);
}

function applyChange(
  context: ApplyContext,
  record: ChangeRecord,
  stagedKeys: readonly string[] | undefined,
): void {
  const keys = stagedKeys ?? context.docs.apply(record.doc, Buffer.from(record.change, "base64"));
  // Room documents are read at an event's heads; only the others have one current value.
  if (record.doc.startsWith("room:")) return;
  for (const key of keys) applyField(context, record.doc, key);
}

/** Sections whose change other users' clients must learn of. */
const DEVICE_LIST_SECTIONS: ReadonlySet<string> = new Set([
  "device_keys",
  "cross_signing",
  "signatures",
]);

function applyField(context: ApplyContext, doc: DocId, documentKey: string): void {
  const parts = splitFieldKey(documentKey);
  if (!parts) return;
  const [section, key] = parts;
  const text = context.docs.get(doc, documentKey);
  const value = text === undefined ? undefined : parseField(text);
  const before = context.view.get(fields, [doc, section, key]);
  if (value === undefined) context.view.del(fields, [doc, section, key]);
  else context.view.put(fields, [doc, section, key], value);
  if (!doc.startsWith("user:")) return;
  const user = doc.slice("user:".length) as UserId;
  logToTopic(context, doc as Topic, { field: [section, key] });
  if (DEVICE_LIST_SECTIONS.has(section)) {
    logToTopic(context, "device-lists", { user });
  }
  if (section === PUSHERS) indexPusher(context.view, user, key, before, value);
  if (section === "account" && key === "created") {
    if (value === undefined) context.view.del(users, [user]);
    else context.view.put(users, [user], true);
  }
}

/** A field that no version of the software wrote reads as absent. */
function parseField(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
