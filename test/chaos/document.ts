import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { ALL_FAULTS } from "./faults/all-faults.ts";
import { countRows, figureRows } from "./report.ts";
import type { Result } from "./report.ts";

const DOCUMENT = join(import.meta.dirname, "..", "..", "docs", "RELIABILITY.md");
const BEGIN = "<!-- written by npm run chaos -- --document -->";
const END = "<!-- end of what it wrote -->";

/** Puts the verdict into its section of docs/RELIABILITY.md. */
export function writeDocument(result: Result): void {
  writeFileSync(DOCUMENT, withSection(readFileSync(DOCUMENT, "utf8"), renderSection(result)));
}

/** The document with this section in the place of the old one; at the end where there is none yet. */
export function withSection(document: string, section: string): string {
  const text = `${BEGIN}\n\n${section}\n\n${END}`;
  const from = document.indexOf(BEGIN);
  const to = document.indexOf(END);
  if (from < 0 || to < from) return `${document.trimEnd()}\n\n${text}\n`;
  return document.slice(0, from) + text + document.slice(to + END.length);
}

export function renderSection(result: Result): string {
  const { options, figures, struck, judgement } = result;
  const faults = ALL_FAULTS.filter(({ name }) => struck.has(name)).map(({ name, about }) => [
    name,
    about,
    String(struck.get(name)),
  ]);
  const held = judgement.violations.length === 0;
  const verdict = held
    ? `Everything held; ${judgement.rowsCompared} rows were equal on all boxes in the end.`
    : "It did not hold.";
  return [
    "## Real processes",
    "",
    "`npm run chaos -- --minutes N` lets three real `meshd` fail, each in a network namespace of its own behind a",
    "switch that drops, delays and doubles packets (`test/chaos/`), while three people write, read, claim keys and",
    "register names through all of them. A run in which each fault strikes once is part of `npm test`. The last long run:",
    `${(figures.seconds / 60).toFixed(0)} minutes with seed ${options.seed} on ${cpus().length} cores (${cpus()[0]?.model.trim()}).`,
    verdict,
    "",
    ...table(["fault", "what it does", "times"], faults),
    "",
    ...table(["", "messages", "to-device"], countRows(judgement)),
    "",
    ...table(["figure", ""], figureRows(figures)),
    "",
    `On the wire, ${result.network}. Two copies: a request that two boxes took while they were apart becomes one`,
    "event, but a device may have been told of the other copy before.",
  ].join("\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}
