import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { describeMachine } from "../machine.ts";
import { foundFamily, openFamilyBox } from "./family-box.ts";
import { YEAR, YEAR_BEGAN_MS } from "./family-plan.ts";
import type { Family } from "./family-plan.ts";
import { live } from "./live.ts";
import { renderTable, writeDocument } from "./report.ts";
import { faults } from "./verdict.ts";
import type { Probe, Sample } from "./verdict.ts";

/** Times in the year at which a box is started afresh and measured. */
const STRETCHES = 5;

interface Options {
  readonly scale: number;
  readonly document: boolean;
  readonly keep: boolean;
}

function parseScale(text: string): number {
  const scale = Number(text);
  if (scale >= 0.001 && scale <= 10) return scale;
  throw new InvalidArgumentError("The scale is a number from 0.001 to 10.");
}

const options = new Command("npm run year --")
  .description("Loads a box with a year of a busy family, and measures how it grows.")
  .option("--scale <part>", "part of the year's messages", parseScale, 1)
  .option("--document", "write the figures into docs/PERFORMANCE.md", false)
  .option("--keep", "leave the home for a look, and say where it is", false)
  .parse()
  .opts<Options>();

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function probe(home: string, family: Family): Probe {
  const file = join(home, "family.json");
  writeFileSync(file, JSON.stringify(family));
  const script = join(import.meta.dirname, "probe.ts");
  const text = execFileSync(process.execPath, ["--expose-gc", script, home, file]);
  return JSON.parse(text.toString()) as Probe;
}

async function liveThroughTheYear(home: string): Promise<Sample[]> {
  const messages = Math.round(YEAR.messages * options.scale);
  const samples: Sample[] = [];
  let family: Family | undefined;
  for (let i = 0; i < STRETCHES; i++) {
    const here = await openFamilyBox(home, family?.nowMs ?? YEAR_BEGAN_MS);
    family ??= await foundFamily(here);
    const from = Math.round((messages * i) / STRETCHES);
    const to = Math.round((messages * (i + 1)) / STRETCHES);
    const began = performance.now();
    family = await live(here, family, { from, to, of: messages });
    const seconds = (performance.now() - began) / 1000;
    await here.stop();
    say(`${to} messages; ${Math.round((to - from) / seconds)} a second`);
    samples.push({ messages: to, ...probe(home, family) });
  }
  return samples;
}

const home = mkdtempSync(join(tmpdir(), "hearth-year-"));
try {
  const machine = describeMachine();
  const samples = await liveThroughTheYear(home);
  const wrong = faults(samples);
  const verdict = wrong.length === 0 ? "Nothing grows faster than the data." : wrong.join("\n");
  process.stdout.write(`${renderTable(samples)}\n\n${verdict}\n`);
  if (options.document) writeDocument({ machine, scale: options.scale, samples, verdict });
  process.exitCode = wrong.length === 0 ? 0 : 1;
} finally {
  if (options.keep) say(`kept ${home}`);
  else rmSync(home, { recursive: true });
}
