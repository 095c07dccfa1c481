import type { Status } from "../control/status.ts";
import type { DrillReport } from "./drill.ts";
import { wrap } from "./table.ts";
import { count, duration } from "./units.ts";
import { list } from "./words.ts";

/** Where what was found begins. */
const WHAT_WIDTH = 15;

/** What a drill will do to people, before it begins. */
export function drillPlan(status: Status, wanted: string, minutes: number): string {
  const isTarget = ({ box, name }: Status["boxes"][number]): boolean =>
    box === wanted || name === wanted;
  const name = status.boxes.find(isTarget)?.name ?? wanted;
  const others = list(status.boxes.filter((box) => !isTarget(box)).map((box) => box.name));
  const half = status.boxes.length === 2;
  return [
    `A drill: ${name} is cut off from ${others} for ${duration(minutes * 60_000)}.`,
    "",
    wrap(`People on ${name} go on reading and writing there, alone.`, "  - ", "    "),
    wrap(
      `People on ${others} go on too. Each side sees the other's messages later.`,
      "  - ",
      "    ",
    ),
    wrap(
      half
        ? "New user names and room aliases wait until it is over."
        : `New user names and room aliases work everywhere but on ${name}.`,
      "  - ",
      "    ",
    ),
    wrap(dnsLine(status, name), "  - ", "    "),
    wrap(
      `It ends by itself, also when this command dies. A restart of ${name} ends it too.`,
      "  - ",
      "    ",
    ),
    "",
    `Now: all ${status.boxes.length} boxes are connected and have caught up.`,
    "",
  ].join("\n");
}

function dnsLine({ dns }: Status, name: string): string {
  return dns === null
    ? `The DNS goes on naming ${name}: to clients it is up.`
    : `The DNS leaves ${name} out after dns.patience_s, and names it again afterwards.`;
}

/** `  0:15  text`. */
export function progressLine(elapsedMs: number, text: string): string {
  const seconds = Math.floor(elapsedMs / 1000);
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  return `${clock.padStart(7)}  ${text}`;
}

/** What was seen, and the verdict. */
export function renderDrillReport(report: DrillReport): string {
  const { name, apart_ms: apart, agree_ms: agree, links_back_ms: back } = report;
  const made = report.made.map((box) => `${box.name} ${box.entries}`).join(", ");
  const rows: (readonly [string, string])[] = [
    ["cut off", `${name}, for ${duration(apart)}${report.cut_short ? " (ended early)" : ""}`],
    ["test writes", writesLine(report)],
    ["entries made", made],
    ["links back", back === null ? "NO, not within 2 min" : `${seconds(back)} after the end`],
    ["all caught up", agree === null ? "NO" : `${seconds(agree)} after the links were back`],
    ["compared", compared(report)],
  ];
  const lines = rows.map(([what, found]) =>
    wrap(found, `  ${what.padEnd(WHAT_WIDTH)}`, " ".repeat(WHAT_WIDTH + 2)),
  );
  return ["", ...lines, "", end(report)].join("\n");
}

function end({ name, passed }: DrillReport): string {
  const verdict = passed ? "PASSED" : "FAILED";
  const text = passed
    ? `${verdict}: ${name} and the others worked apart, and have the same again.`
    : `${verdict}: look at what does not say so above; meshctl status and meshctl verify say more.`;
  return wrap(text, "", "  ");
}

function writesLine({ writes }: DrillReport): string {
  const each = writes.map(({ name, found }) =>
    found ? `${name} ${found.accepted} of ${found.accepted + found.refused}` : `${name} not heard`,
  );
  const slowest = Math.max(...writes.map(({ found }) => found?.slowest_ms ?? 0));
  return `${each.join(", ")}; slowest ${slowest} ms`;
}

function compared({ verify }: DrillReport): string {
  if (!verify) return "not compared";
  const rows = count(verify.rows, "row", "rows");
  if (verify.outcome === "equal") return `equal, ${rows} on each box`;
  if (verify.outcome === "unsure") return "not known (meshctl verify)";
  const found = verify.differences.length + verify.forks.length;
  return `NOT EQUAL, ${count(found, "difference", "differences")} (meshctl verify)`;
}

/** Looks are a quarter of a second apart, so nothing finer is known. */
function seconds(milliseconds: number): string {
  if (milliseconds < 300) return "under 0.3 s";
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
