import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import type { Benchmark } from "./benchmark.ts";
import { alone } from "./cases/alone.ts";
import { arrival } from "./cases/arrival.ts";
import { bigRoom } from "./cases/big-room.ts";
import { catchUp } from "./cases/catch-up.ts";
import { delayed } from "./cases/delayed.ts";
import { idleMemory } from "./cases/idle-memory.ts";
import { initialSync } from "./cases/initial-sync.ts";
import { roomRules } from "./cases/room-rules.ts";
import { startUp } from "./cases/start-up.ts";
import { oneBox, threeBoxes, threeBoxesLocal } from "./cases/throughput.ts";
import { transactions } from "./cases/transactions.ts";
import type { Figure } from "./figures.ts";
import { Figures } from "./figures.ts";
import { describeMachine } from "./machine.ts";
import { renderMarkdown, renderTable, saveJson, splitPage } from "./report.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const FOLDER = join(ROOT, ".bench");
const DOCUMENT = join(ROOT, "docs", "PERFORMANCE.md");

const BENCHMARKS: readonly Benchmark[] = [
  oneBox,
  threeBoxes,
  threeBoxesLocal,
  arrival,
  alone,
  initialSync,
  catchUp,
  startUp,
  idleMemory,
  roomRules,
  transactions,
  delayed,
  bigRoom,
];

interface Options {
  readonly only: readonly string[];
  readonly quick: boolean;
  readonly json: boolean;
  readonly document: boolean;
}

function parseOptions(): Options {
  const list = BENCHMARKS.map(({ name, about }) => `  ${name.padEnd(20)}${about}`).join("\n");
  const collect = (name: string, before: readonly string[]): string[] => {
    if (!BENCHMARKS.some((benchmark) => benchmark.name === name)) {
      throw new InvalidArgumentError("There is no such benchmark.");
    }
    return [...before, name];
  };
  return new Command("npm run bench --")
    .description("Measures real boxes on this machine; results also go to .bench/.")
    .option("--only <name>", "just this one; may be given again", collect, [])
    .option("--quick", "less and shorter, for comparing", false)
    .option("--json", "print JSON instead of a table", false)
    .option("--document", "write docs/PERFORMANCE.md", false)
    .addHelpText("after", `\nBenchmarks:\n${list}`)
    .parse()
    .opts<Options>();
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

const options = parseOptions();
const machine = describeMachine();
const figures: Figure[] = [];
for (const benchmark of BENCHMARKS) {
  const { name, about } = benchmark;
  if (options.only.length > 0 && !options.only.includes(name)) continue;
  say(`${name}: ${about}`);
  const found = new Figures(name);
  await benchmark.run(found, { quick: options.quick, note: (text) => say(`  ${text}`) });
  figures.push(...found.list);
}
const report = { machine, quick: options.quick, figures };
const file = saveJson(report, FOLDER);
process.stdout.write(`${options.json ? JSON.stringify(report) : renderTable(report)}\n`);
if (options.document) {
  const { year } = splitPage(readFileSync(DOCUMENT, "utf8"));
  writeFileSync(DOCUMENT, [renderMarkdown(report), year].filter((part) => part !== "").join("\n"));
}
say(`saved as ${file}`);
process.exit(0);
