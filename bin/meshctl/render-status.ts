import type { BoxId } from "../../core/ids.ts";
import type { BoxStatus, Status } from "../control/status.ts";
import type { MeshHealth } from "./mesh-health.ts";
import { meshHealth } from "./mesh-health.ts";
import { table, wrap } from "./table.ts";
import { bytes, count, duration, shortAddress } from "./units.ts";

const HEADER = ["BOX", "STATE", "BEHIND", "DISK", "FREE", "MEMORY", "VERSION", "ADDRESS"];
const UNKNOWN = "-";
/** How long the owner is told of rot that was mended, milliseconds: time to buy a new card. */
const MENDED_SHOWN_MS = 60 * 24 * 3_600_000;

/** What the owner reads over SSH, at 80 columns. */
export function renderStatus(status: Status): string {
  const health = meshHealth(status);
  const self = status.boxes.find((box) => box.box === status.self);
  const rows = status.boxes.map((box) => row(box, status));
  return [
    `${status.server_name}, as seen by ${self?.name ?? status.self}`,
    `clients: ${status.client_url}${status.registration_open ? " (anybody may register)" : ""}`,
    "",
    table(HEADER, rows),
    "",
    wrap(meshLine(status, health), "Mesh: ", "      "),
    journalLine(status),
    ...dnsLines(status),
    ...diskLines(status),
    ...section("Works now:", health, true),
    ...section("Does not work now:", health, false),
  ].join("\n");
}

function row(box: BoxStatus, { self, now }: Status): string[] {
  const since = box.since === null ? "" : ` ${duration(now - box.since)}`;
  return [
    box.box === self ? `${box.name} *` : box.name,
    `${box.foreign ? "APART" : box.up ? "up" : "DOWN"}${since}`,
    orUnknown(box.behind, String),
    orUnknown(box.disk_used_bytes, bytes),
    orUnknown(box.disk_free_bytes, bytes),
    orUnknown(box.memory_bytes, bytes),
    box.version ?? UNKNOWN,
    orUnknown(box.address, shortAddress),
  ];
}

function orUnknown<T>(value: T | null, show: (value: T) => string): string {
  return value === null ? UNKNOWN : show(value);
}

function meshLine(status: Status, { state, up, total }: MeshHealth): string {
  if (status.isolated_until !== null) {
    const left = duration(status.isolated_until - status.now);
    return `${state}. A drill keeps this box isolated for another ${left}. End it now: meshctl drill heal`;
  }
  if (status.removed) {
    return "none. This box was removed. To bring it back, join again with an empty home.";
  }
  if (total === 1) return "whole, of one box. Invite another one: meshctl invite.";
  if (state === "whole") return `whole. All ${total} boxes are connected.`;
  const away = status.boxes.filter((box) => (!box.up || box.foreign) && box.box !== status.self);
  const names = away.map((box) => awayPhrase(box, status.now)).join(", ");
  const connected = `${up} of ${count(total, "box", "boxes")} connected`;
  return `${state}. ${connected}; not connected: ${names}.`;
}

function awayPhrase(box: BoxStatus, now: number): string {
  if (box.foreign) return `${box.name}, whose version is too far from this one's`;
  return box.since === null ? box.name : `${box.name} for ${duration(now - box.since)}`;
}

/** What is kept of everything that was written, and for whose sake it is more than usual. */
function journalLine({ journal, boxes }: Status): string {
  const { held_for: heldFor, held_max: most } = journal;
  const size = `${count(journal.entries, "entry", "entries")}, ${bytes(journal.bytes)}`;
  if (heldFor.length === 0) return `Journal: ${size}`;
  const names = heldFor.map(({ box, entries: lacks }) => {
    const name = boxes.find((other) => other.box === box)?.name ?? box;
    return `${name} lacks ${lacks} of them`;
  });
  const fate = `A box that lacks more than ${most} has to copy everything when it is back.`;
  const gone = "Is one gone for good? Remove it: meshctl box remove.";
  return wrap(`${size}, since ${names.join(", ")}. ${fate} ${gone}`, "Journal: ", "         ");
}

/** Where clients are sent, on boxes that see to it. */
function dnsLines({ dns, boxes }: Status): string[] {
  if (dns === null) return [];
  const nameOf = (id: BoxId): string => boxes.find(({ box }) => box === id)?.name ?? id;
  const keeper = dns.keeper === null ? "no box" : nameOf(dns.keeper);
  const names = dns.listed.map(nameOf).toSorted().join(", ");
  const trouble = dns.problem === null ? "" : ` The last try here failed: ${dns.problem}`;
  return [wrap(`clients are sent to ${names}; kept by ${keeper}.${trouble}`, "DNS: ", "     ")];
}

/** Nothing where nothing ever was the matter. */
function diskLines({ scrub, now }: Status): string[] {
  const { trouble, mended } = scrub;
  const lines = [];
  if (trouble !== null) lines.push(`${trouble} Save what is only on it, and replace it.`);
  if (mended !== null && now - mended.at < MENDED_SHOWN_MS) {
    const ago = duration(Math.max(0, now - mended.at));
    lines.push(`${mended.what}. It was mended ${ago} ago. A card that rots goes on: replace it.`);
  }
  return lines.map((line) => wrap(line, "Disk: ", "      "));
}

function section(title: string, { works }: MeshHealth, ok: boolean): string[] {
  const lines = works
    .filter((ability) => ability.ok === ok)
    .map(({ what, why }) => wrap(why === "" ? what : `${what} (${why})`, "  ", "    "));
  return lines.length === 0 ? [] : [title, ...lines];
}
