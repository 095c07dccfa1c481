import type { Counts, Judgement } from "./checker.ts";
import type { Measured, Spread } from "./figures.ts";

export interface Result {
  readonly options: { readonly seed: string; readonly minutes: number };
  readonly mode: "namespaces" | "drill";
  readonly missing: readonly string[];
  readonly struck: ReadonlyMap<string, number>;
  /** Faults for which there was no time. */
  readonly missed: readonly string[];
  readonly judgement: Judgement;
  readonly figures: Measured;
  readonly network: string;
  /** How often one was filled by the other boxes, and how often copied whole from one of them. */
  readonly stores: { readonly refilled: number; readonly copied: number };
}

/** More of the same kind says nothing new. */
const VIOLATIONS_SHOWN_MAX = 40;

/** The verdict, for a person at a terminal. */
export function renderReport(result: Result): string {
  const { judgement, figures, struck, options } = result;
  const { violations } = judgement;
  const faults = [...struck].map(([name, times]) => (times > 1 ? `${name} x${times}` : name));
  return [
    "",
    `Ran ${minutes(figures.seconds)} with seed ${options.seed}.`,
    `Faults: ${faults.toSorted().join(", ")}`,
    ...(result.missed.length > 0 ? [`No time was left for: ${result.missed.join(", ")}`] : []),
    result.network,
    `stores: ${result.stores.refilled} filled again by the other boxes, ${result.stores.copied} copied whole from one`,
    "",
    ...table([["", "messages", "to-device"], ...countRows(judgement)]),
    "",
    ...table(figureRows(figures)),
    "",
    violations.length === 0
      ? "Everything held: nothing lost, nothing unexpected, nothing repeated, all boxes equal."
      : `${violations.length} VIOLATIONS`,
    `meshctl verify compared ${judgement.rowsCompared} rows of each box.`,
    ...violations.slice(0, VIOLATIONS_SHOWN_MAX).map((what) => `  ${what}`),
    ...(violations.length > VIOLATIONS_SHOWN_MAX ? ["  …"] : []),
  ].join("\n");
}

export function countRows({ messages, letters }: Judgement): string[][] {
  const row = (name: string, of: (counts: Counts) => number): string[] => [
    name,
    String(of(messages)),
    String(of(letters)),
  ];
  return [
    row("attempted", (counts) => counts.attempted),
    row("acknowledged", (counts) => counts.acknowledged),
    row("recovered (the answer was lost)", (counts) => counts.recovered),
    row("lost", (counts) => counts.lost.length),
    row("unexpected", (counts) => counts.unexpected.length),
    row("repeated", (counts) => counts.repeated.length),
    row("told in two copies of one request that two sides took", (counts) => counts.twins),
  ];
}

export function figureRows(figures: Measured): string[][] {
  const shares = figures.served
    .filter(({ of }) => of > 0)
    .map(({ dark, of, served }) => [
      `requests served with ${dark} of 3 boxes dark`,
      `${((100 * served) / of).toFixed(2)} % of ${of}`,
    ]);
  const silent = figures.silentSeconds.map(({ box, seconds }) => [
    `${box} gave no answer`,
    `${seconds.toFixed(1)} s`,
  ]);
  return [
    ...shares,
    ...silent,
    ["longest time without any box", `${figures.noBoxSeconds.toFixed(1)} s`],
    ["from a power cut to the first answer elsewhere", spread(figures.firstAnswerSeconds)],
    ["from healing to all boxes having everything", spread(figures.convergenceSeconds)],
  ];
}

function spread({ count, median, most }: Spread): string {
  if (count === 0) return "not measured";
  return `median ${median.toFixed(2)} s, most ${most.toFixed(2)} s (${count} times)`;
}

function minutes(seconds: number): string {
  return `${(seconds / 60).toFixed(1)} minutes`;
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell))
      .join("  ")
      .trimEnd(),
  );
}
