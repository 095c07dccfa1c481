import { accountExists } from "../account/accounts.ts";
import { notFound } from "../errors.ts";
import type { EventId, RoomId, UserId } from "../ids.ts";
import { isObject } from "../json.ts";
import type { Json } from "../json.ts";
import type { Env } from "../ports.ts";
import { readInRoom } from "../rooms/queries/read-in-room.ts";
import { isJoined } from "../rooms/queries/room-facts.ts";
import type { Requester, Services } from "../services.ts";
import { puts, rooms } from "../tables.ts";
import { presenterFor, requireEvent } from "../timeline/access.ts";
import type { Draft } from "../transaction/draft.ts";
import { millisecondsOf } from "../transaction/records.ts";
import { unlessBehind } from "../user-data/missing.ts";

/** Reports of one user that each box keeps; a further one takes the place of the oldest. */
export const REPORTS_PER_USER_MAX = 32;
/** Longest reason that is kept, in UTF-16 units; the rest of a longer one is cut off. */
export const REASON_LENGTH_MAX = 1000;

/** What is reported: a room, an event of it, or a user. */
export type Subject =
  | { readonly room: RoomId }
  | { readonly room: RoomId; readonly event: EventId }
  | { readonly user: UserId };

interface ReportInput {
  readonly reporter: UserId;
  readonly subject: Subject;
  readonly reason: string;
}

type ReportDeps = Pick<
  Services,
  "reader" | "runner" | "documents" | "isCaughtUp" | "now" | "timers"
>;

interface Reporting {
  readonly requester: Requester;
  readonly reason: string;
}

/**
 * Keeps a report of a room for the owner of the server.
 * https://spec.matrix.org/v1.19/client-server-api/#reporting-content
 * @throws MatrixError 404 M_NOT_FOUND, 503 while this box may not yet know the room
 */
export async function reportRoom(
  deps: ReportDeps,
  { requester, room, reason }: Reporting & { readonly room: RoomId },
): Promise<void> {
  readInRoom(deps, () => {
    if (!deps.reader.get(rooms, [room])) throw notFound("The room was not found.");
  });
  await deps.runner.run(keepReport, { reporter: requester.user, subject: { room }, reason });
}

/**
 * Keeps a report of an event that the reporter, who is in its room, may see.
 * @throws MatrixError 404 M_NOT_FOUND, 503 as above
 */
export async function reportEvent(
  deps: ReportDeps,
  {
    requester,
    room,
    event,
    reason,
  }: Reporting & { readonly room: RoomId; readonly event: EventId },
): Promise<void> {
  checkEvent(deps, requester, room, event);
  await deps.runner.run(keepReport, { reporter: requester.user, subject: { room, event }, reason });
}

function checkEvent(deps: ReportDeps, requester: Requester, room: RoomId, event: EventId): void {
  using snapshot = deps.reader.snapshot();
  readInRoom(deps, () => {
    if (isJoined(snapshot, room, requester.user)) return;
    throw notFound("The event was not found, or you are not in its room.");
  });
  requireEvent(deps, presenterFor(deps, snapshot, requester, room), event);
}

/**
 * Keeps a report of a user of this server.
 * @throws MatrixError 404 M_NOT_FOUND, 503 as above
 */
export async function reportUser(
  deps: ReportDeps,
  { requester, user, reason }: Reporting & { readonly user: UserId },
): Promise<void> {
  await unlessBehind(deps, () => {
    if (!accountExists(deps.reader, user)) throw notFound("The user was not found.");
  });
  await deps.runner.run(keepReport, { reporter: requester.user, subject: { user }, reason });
}

/** Command. The same report a second time, as after a lost answer, is kept once. */
export function keepReport(
  draft: Draft,
  { reporter, subject, reason }: ReportInput,
  env: Env,
): void {
  const kept = reason.slice(0, REASON_LENGTH_MAX).toWellFormed();
  const told = { ...subject, reason: kept };
  // Boxes that are apart use slots of their own: none writes over the other's.
  const slots = Array.from({ length: REPORTS_PER_USER_MAX }, (_, n) => {
    const key = [reporter, env.box, String(n)] as const;
    const entry = draft.get(puts, ["report", ...key]);
    return { key, value: entry?.value, time: entry?.value === undefined ? 0 : entry.time };
  });
  if (slots.some(({ value }) => saysSame(value, told))) return;
  const free = slots.reduce((oldest, slot) => (slot.time < oldest.time ? slot : oldest));
  draft.putFact("report", free.key, { ...told, at: millisecondsOf(env.time) });
}

function saysSame(value: Json | undefined, told: Subject & { readonly reason: string }): boolean {
  if (!isObject(value)) return false;
  const { at: _, ...before } = value;
  return JSON.stringify(before) === JSON.stringify(told);
}
