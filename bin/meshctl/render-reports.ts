import type { Report } from "../../core/moderation/reports.ts";
import type { ReportList } from "../control/protocol.ts";
import { wrap } from "./table.ts";
import { count } from "./units.ts";
import { printable } from "./words.ts";

const INDENT = "  ";
const HANGING = "    ";
const LONG_WORD = /\S{60}/gu;

/** Reports for people, newest first, in 80 columns. What users wrote is made safe to print. */
export function renderReports({ reports, total }: ReportList): string {
  if (reports.length === 0) return "Nobody has reported anything.";
  const older = total - reports.length;
  const blocks = [`${count(total, "report", "reports")}, newest first.`, ...reports.map(block)];
  if (older > 0) blocks.push(`${older} older ones are not shown.`);
  blocks.push("When one is dealt with: meshctl reports --close ID");
  return blocks.join("\n\n");
}

function block(report: Report): string {
  const { id, at, reporter, event, excerpt, reason } = report;
  return [
    wrap(`${id}  ${time(at)}  ${reporter} reports ${subject(report)}`, "", INDENT),
    ...(event === undefined ? [] : [wrap(`event: ${event}`, INDENT, INDENT)]),
    ...(excerpt === undefined ? [] : [wrap(`it says: ${safe(excerpt)}`, INDENT, HANGING)]),
    wrap(`reason: ${reason === "" ? "none given" : safe(reason)}`, INDENT, HANGING),
  ].join("\n");
}

function subject({ about, room, room_name: name, user }: Report): string {
  if (about === "user") return `the user ${user}`;
  const where = name === undefined ? `${room}` : `${safe(name)} (${room})`;
  return about === "room" ? `the room ${where}` : `a message of ${user ?? "somebody"} in ${where}`;
}

/** Text that somebody else wrote, on lines that can be broken. */
function safe(text: string): string {
  return printable(text).replace(LONG_WORD, "$& ").trim();
}

/** UTC, to the minute. */
function time(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
