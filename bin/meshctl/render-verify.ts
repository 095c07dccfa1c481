import type { BoxId } from "../../core/ids.ts";
import type { RowDifference, RowName, VerifyReport } from "../control/verify-report.ts";
import { wrap } from "./table.ts";
import { count } from "./units.ts";
import { list, printable } from "./words.ts";

/** Rows of a list that are written out; the others are counted. `--json` has more. */
const SHOWN_MAX = 20;
const INDENT = "  ";
/** Longest text of one part of a key on a screen, in UTF-16 units: an event ID has 44. */
const PART_LENGTH_MAX = 60;

/** What comparing the boxes found, for the owner, at 80 columns. */
export function renderVerify(report: VerifyReport): string {
  const lines = [wrap(verdict(report), "", ""), ...howMuch(report)];
  const left = report.boxes.filter((box) => !box.compared && box.why !== "");
  if (left.length > 0) lines.push("", "Not compared:");
  for (const { name, why } of left) lines.push(wrap(`${name}: ${why}.`, INDENT, `${INDENT}  `));
  lines.push(...otherDoubts(report), ...writtenLines(report));
  lines.push(...forkLines(report), ...differenceLines(report));
  return lines.join("\n");
}

function verdict(report: VerifyReport): string {
  const compared = report.boxes.filter((box) => box.compared).map(({ name }) => name);
  const known = report.differences.length;
  switch (report.outcome) {
    case "equal":
      return `Equal: ${list(compared)} have the same data${butFor(report)}.`;
    case "differs":
      if (known === 0) return `NOT EQUAL: journals of ${list(compared)} have parted.`;
      return (
        `NOT EQUAL: ${report.more ? "at least " : ""}${count(known, "row differs", "rows differ")} ` +
        `between ${list(compared)}.`
      );
    case "unsure":
      if (report.boxes.length === 1) return "Nothing to compare: this mesh has one box.";
      if (compared.length < 2) return "Not known: no other box could be compared.";
      return report.undecided > 0 || report.more
        ? `Not known yet: no certain difference between ${list(compared)}.`
        : `As far as compared, ${list(compared)} have the same data.`;
  }
}

function butFor({ being_written: rows }: VerifyReport): string {
  return rows.length === 0
    ? ""
    : `, apart from ${count(rows.length, "row", "rows")} that people were writing`;
}

function howMuch({ rows, duration_ms: ms, boxes }: VerifyReport): string[] {
  if (!boxes.some(({ compared }) => compared)) return [];
  const each = rows.toLocaleString("en");
  return [`Compared ${each} rows of each box in ${(ms / 1000).toFixed(1)} s.`];
}

function otherDoubts(report: VerifyReport): string[] {
  const { undecided, skipped, refused, boxes } = report;
  const lines: string[] = [];
  const tooMany = report.more && report.outcome === "unsure";
  if (undecided > 0 || tooMany) {
    const what = tooMany
      ? "More rows had not arrived everywhere than can be looked at one by one."
      : `${count(undecided, "row", "rows")} had not arrived everywhere, or stood still on some boxes only.`;
    const advice = "Look at meshctl status, and run this again in a while.";
    lines.push("", wrap(`${what} ${advice}`, "", ""));
  }
  if (skipped.length > 0) {
    const text = `A box of another version keeps no ${list(skipped)}; not compared.`;
    lines.push("", wrap(text, "", ""));
  }
  for (const { box, reason } of refused) {
    const text = `This box takes no more entries of ${nameOf(box, boxes)}: ${reason}.`;
    lines.push("", wrap(text, "", ""));
  }
  return lines;
}

function writtenLines(report: VerifyReport): string[] {
  const { being_written: rows } = report;
  if (rows.length === 0) return [];
  const why =
    "Written on every box all the while, so never seen alike; try again when it is quiet:";
  return ["", wrap(why, "", ""), ...rowLines(rows, report, () => [])];
}

function forkLines({ forks, boxes }: VerifyReport): string[] {
  if (forks.length === 0) return [];
  const lines = forks.map(({ of, origin, seq, between }) => {
    const where = list(between.map((box) => nameOf(box, boxes)));
    const text = `Entry ${seq} of ${nameOf(of, boxes)} (${origin}) is not the same on ${where}.`;
    return wrap(text, INDENT, `${INDENT}  `);
  });
  const advice =
    "A journal says two things of one moment: a disk was copied and both copies went on, or a box " +
    "was damaged in a way that its start did not see. Refill the box that stands alone, as below.";
  return ["", "Parted journals:", ...lines, wrap(advice, "", ""), ...cureLines(undefined)];
}

function differenceLines(report: VerifyReport): string[] {
  const { differences, boxes } = report;
  if (differences.length === 0) return [];
  const lines = rowLines(differences, report, (difference) => [
    wrap(whoHasWhat(difference, boxes), `${INDENT}  `, `${INDENT}    `),
  ]);
  return ["", "What differs:", ...lines, ...cureLines(oddOneOut(report))];
}

function rowLines<R extends RowName>(
  rows: readonly R[],
  { room_names: names }: VerifyReport,
  more: (row: R) => readonly string[],
): string[] {
  const lines = rows.slice(0, SHOWN_MAX).flatMap((row) => {
    const text = `${row.about}: ${keyWords(row.key, names)}`;
    return [wrap(text, INDENT, `${INDENT}    `), ...more(row)];
  });
  const left = rows.length - SHOWN_MAX;
  if (left > 0) lines.push(`${INDENT}and ${left} more (all: meshctl verify --json)`);
  return lines;
}

function keyWords(
  key: readonly (string | number)[],
  rooms: Readonly<Record<string, string>>,
): string {
  const words = key.map((part) => {
    const text = short(String(part));
    const room = rooms[String(part)];
    return room === undefined ? text : `${text} (${short(room)})`;
  });
  return words.filter((word) => word !== "").join(", ");
}

function short(text: string): string {
  const safe = printable(text);
  return safe.length <= PART_LENGTH_MAX ? safe : `${safe.slice(0, PART_LENGTH_MAX - 1)}…`;
}

/** `kitchen, cellar: the same; attic: missing`. */
function whoHasWhat({ found }: RowDifference, boxes: VerifyReport["boxes"]): string {
  const groups = groupsOf(found);
  const isMissing = groups.some(({ hash }) => hash === null);
  const words = groups.map((group, i) => {
    const names = group.boxes.map((box) => nameOf(box, boxes)).join(", ");
    if (group.hash === null) return `${names}: missing`;
    if (group.boxes.length > 1) return `${names}: the same`;
    if (isMissing && groups.length === 2) return `${names}: there`;
    return `${names}: ${i === 0 ? "one value" : "another value"}`;
  });
  return words.join("; ");
}

interface Group {
  readonly hash: string | null;
  readonly boxes: readonly BoxId[];
}

/** The boxes by what they have, most first. */
function groupsOf(found: RowDifference["found"]): Group[] {
  const byHash = Map.groupBy(Object.entries(found) as [BoxId, string | null][], ([, hash]) => hash);
  return [...byHash]
    .map(([hash, entries]) => ({ hash, boxes: entries.map(([box]) => box) }))
    .toSorted((a, b) => b.boxes.length - a.boxes.length);
}

/** The one box that, in every difference, stands against all others, which agree. */
function oddOneOut({ differences, boxes }: VerifyReport): string | undefined {
  const odd = new Set<BoxId | undefined>();
  for (const { found } of differences) {
    const groups = groupsOf(found);
    const [many, one] = groups;
    const isClear = groups.length === 2 && one?.boxes.length === 1 && (many?.boxes.length ?? 0) > 1;
    odd.add(isClear ? one.boxes[0] : undefined);
  }
  const [box] = odd;
  return odd.size === 1 && box !== undefined ? nameOf(box, boxes) : undefined;
}

function cureLines(odd: string | undefined): string[] {
  const who =
    odd === undefined
      ? "Which box is right cannot be told from here. Refill one of them, and compare again; if they " +
        "still differ, refill the next one. What a box alone has is kept."
      : `${odd} stands alone, so refill it: it takes over what its own journal has, and the rest from ` +
        "the others.";
  return [
    "",
    wrap(who, "What to do: ", "  "),
    `${INDENT}1. Stop meshd on ${odd ?? "that box"}.`,
    `${INDENT}2. There: meshctl refill`,
    `${INDENT}3. Start meshd again. Until it is whole, it sends clients to another box.`,
    `${INDENT}4. meshctl verify`,
  ];
}

function nameOf(box: BoxId, boxes: VerifyReport["boxes"]): string {
  return boxes.find((other) => other.box === box)?.name ?? box;
}
