import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { limitsOf } from "./find-limits.ts";

const ROOT = join(import.meta.dirname, "../..");
const FILE = "docs/LIMITS.md";

const INTRODUCTION = `# Limits

Every queue, cache, wait and size is bounded, and each bound has a name in the source with its reason. This
page is made from the source by \`npm run generate\`; a test holds the two together. Limits that an owner may
change are keys of \`mesh.yaml\` (\`bin/config/schema.ts\`), not listed here. An empty "why" is that of the row
above.
`;

const KIB = 1024;
const MIB = KIB * KIB;
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The text of docs/LIMITS.md for a source tree. */
export function limitsPage(root: string): string {
  const folders = Map.groupBy(limitsOf(root), ({ file }) => dirname(file));
  const parts = [...folders].map(([folder, limits]) => {
    const rows = limits.map(({ name, value, reason, file }) => [
      `\`${name}\``,
      ...valueAndUnit(name, value),
      reason.replaceAll("|", "\\|"),
      `\`${file}\``,
    ]);
    return `## ${folder}\n\n${table(["name", "value", "unit", "why", "file"], rows)}`;
  });
  return [INTRODUCTION, ...parts].join("\n");
}

/** As people read it: bytes and milliseconds in the largest unit that comes out whole. */
function valueAndUnit(name: string, value: number): [value: string, unit: string] {
  if (/BYTES/i.test(name))
    return scaled(value, "bytes", [
      ["GiB", MIB * KIB],
      ["MiB", MIB],
      ["KiB", KIB],
    ]);
  if (/_MS(_|$)/.test(name))
    return scaled(value, "ms", [
      ["days", DAY_MS],
      ["h", HOUR_MS],
      ["min", MINUTE_MS],
      ["s", SECOND_MS],
    ]);
  if (/_S(_|$)|_SECONDS/.test(name)) return [grouped(value), "s"];
  if (name.endsWith("perSecond")) return [grouped(value), "per second"];
  if (/CHARACTERS|CHARS/.test(name)) return [grouped(value), "characters"];
  if (/LENGTH/.test(name)) return [grouped(value), "UTF-16 units"];
  return [grouped(value), noun(name)];
}

type Scale = readonly (readonly [unit: string, size: number])[];

function scaled(value: number, unit: string, scale: Scale): [value: string, unit: string] {
  const whole = scale.find(([, size]) => value >= size && value % size === 0);
  return whole ? [grouped(value / whole[1]), whole[0]] : [grouped(value), unit];
}

/** What is counted, from the name: `ROOM_LOG_ROWS_MAX` counts rows. */
function noun(name: string): string {
  const counted = /([A-Z]+)(?:_AT_ONCE|_IN_FLIGHT|_WAITING|_READ|_DEFAULT|_MAX|_MIN)*$/.exec(
    name,
  )?.[1];
  return counted?.endsWith("S") ? counted.toLowerCase() : "";
}

function grouped(value: number): string {
  return value.toLocaleString("en-GB");
}

/** A table as the formatter leaves it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, i) =>
    Math.max(3, cell.length, ...rows.map((row) => (row[i] ?? "").length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  const rule = widths.map((width) => "-".repeat(width));
  return [line(head), line(rule), ...rows.map(line)].join("\n") + "\n";
}

if (import.meta.main) writeFileSync(join(ROOT, FILE), limitsPage(ROOT));
