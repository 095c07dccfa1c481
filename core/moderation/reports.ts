import { hash } from "node:crypto";
import { notFound } from "../errors.ts";
import { parseEventId, parseRoomId, parseUserId } from "../ids.ts";
import type { EventId, RoomId, UserId } from "../ids.ts";
import { isObject } from "../json.ts";
import type { Json } from "../json.ts";
import type { View } from "../ports.ts";
import { stateText } from "../rooms/queries/room-facts.ts";
import type { Services } from "../services.ts";
import { events, puts } from "../tables.ts";
import type { Draft } from "../transaction/draft.ts";

/** Reports that are looked at: those of a household are few, so more are somebody's flood. */
const REPORTS_READ_MAX = 10_000;
/** Newest reports that are told at once. */
export const REPORTS_TOLD_MAX = 100;
/** Longest piece of a reported message that is told, in UTF-16 units. */
const EXCERPT_LENGTH_MAX = 200;

export interface Report {
  /** Short, and not used again when another report takes the same place. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly reporter: UserId;
  readonly about: "room" | "event" | "user";
  readonly room?: RoomId;
  readonly room_name?: string;
  readonly event?: EventId;
  /** The reported user, or the sender of the reported event. */
  readonly user?: UserId;
  /** What the reported message says, unless it is encrypted or redacted. */
  readonly excerpt?: string;
  readonly reason: string;
}

type ReportKey = readonly [reporter: string, box: string, slot: string];

interface Found {
  readonly key: ReportKey;
  readonly report: Report;
}

/** The newest reports, newest first, and how many there are in all. */
export async function listReports(
  deps: Pick<Services, "reader">,
): Promise<{ readonly reports: readonly Report[]; readonly total: number }> {
  const found = await findReports(deps);
  return {
    reports: found.slice(0, REPORTS_TOLD_MAX).map(({ report }) => report),
    total: found.length,
  };
}

/**
 * Forgets a report that was dealt with, on all boxes.
 * @throws MatrixError 404 M_NOT_FOUND
 */
export async function closeReport(
  deps: Pick<Services, "reader" | "runner">,
  id: string,
): Promise<Report> {
  const found = (await findReports(deps)).find(({ report }) => report.id === id);
  if (!found) throw notFound(`There is no report ${id}.`);
  await deps.runner.run(forget, found.key);
  return found.report;
}

function forget(draft: Draft, key: ReportKey): void {
  draft.putFact("report", key, undefined);
}

async function findReports({ reader }: Pick<Services, "reader">): Promise<Found[]> {
  using snapshot = reader.snapshot();
  const rows = await snapshot.range(puts, { prefix: ["report"], limit: REPORTS_READ_MAX });
  const found = rows.flatMap(([[, reporter = "", box = "", slot = ""], { value, time }]) => {
    const key: ReportKey = [reporter, box, slot];
    const id = hash("sha256", JSON.stringify([key, time])).slice(0, 8);
    const report = reportOf(snapshot, id, reporter, value);
    return report ? [{ key, report }] : [];
  });
  return found.toSorted((a, b) => b.report.at - a.report.at);
}

/** Reads what a box wrote; what no version of the software wrote is passed over. */
function reportOf(
  view: View,
  id: string,
  reporterText: string,
  value: Json | undefined,
): Report | undefined {
  const reporter = parseUserId(reporterText);
  if (!reporter || !isObject(value)) return undefined;
  const { at, reason } = value;
  if (typeof at !== "number" || typeof reason !== "string") return undefined;
  const common = { id, at, reporter, reason };
  const user = parseUserId(value["user"]);
  if (user) return { ...common, about: "user", user };
  const room = parseRoomId(value["room"]);
  if (!room) return undefined;
  const name = stateText(view, room, "m.room.name", "name");
  const inRoom = { ...common, room, ...(name === undefined ? {} : { room_name: name }) };
  const event = parseEventId(value["event"]);
  if (!event) return { ...inRoom, about: "room" };
  return { ...inRoom, about: "event", event, ...senderAndText(view, event) };
}

function senderAndText(view: View, id: EventId): Pick<Report, "user" | "excerpt"> {
  const pdu = view.get(events, [id])?.pdu;
  if (!pdu) return {};
  const { body } = pdu.content;
  if (typeof body !== "string") return { user: pdu.sender };
  return { user: pdu.sender, excerpt: body.slice(0, EXCERPT_LENGTH_MAX).toWellFormed() };
}
