import { parseArgs } from "node:util";
import { document } from "./document.ts";
import { runRange } from "./range.ts";
import type { Range } from "./range.ts";
import { simulate } from "./simulate.ts";
import { Tally } from "./tally.ts";

/** A long run says how far it is after so many seeds. */
const PROGRESS_EVERY = 500;

const USAGE = `npm run sim -- --seed N [--trace]
npm run sim -- [--seeds 100] [--from 1] [--workers 1] [--log FILE] [--document]
  FILE keeps what is done: the same command goes on where it was stopped.
  --document writes the figures into docs/RELIABILITY.md, with those of a few scenarios.`;

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** One seed, with everything that happened when asked. */
async function replay(seed: string, withTrace: boolean): Promise<boolean> {
  const { trace, violations, ...rest } = await simulate(seed, {}, withTrace);
  for (const line of trace) print(line);
  print(JSON.stringify(rest, undefined, 2));
  for (const { rule, what } of violations) print(`${rule}: ${what}`);
  return violations.length === 0;
}

/** Many seeds; each that fails is named by the line that replays it. */
async function runMany(range: Range): Promise<Tally> {
  const sofar = new Tally();
  const whole = await runRange(range, (part) => {
    for (const { seed, story } of part.failures) {
      print(`npm run sim -- --seed ${seed}`);
      for (const line of story) print(`  ${line}`);
    }
    const before = sofar.seeds;
    sofar.merge(part);
    const isStep = Math.floor(sofar.seeds / PROGRESS_EVERY) > Math.floor(before / PROGRESS_EVERY);
    if (isStep && sofar.seeds < range.count) print(sofar.line);
  });
  print(whole.text);
  return whole;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string" },
      trace: { type: "boolean", default: false },
      seeds: { type: "string", default: "100" },
      from: { type: "string", default: "1" },
      workers: { type: "string", default: "1" },
      log: { type: "string" },
      document: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return print(USAGE);
  const { seed, trace, log } = values;
  const whole = (name: "seeds" | "from" | "workers"): number => {
    const number = Number(values[name]);
    if (Number.isSafeInteger(number) && number > 0) return number;
    throw new Error(`--${name} must be a whole number from 1 on`);
  };
  if (seed !== undefined) {
    process.exitCode = (await replay(seed, trace)) ? 0 : 1;
    return;
  }
  const [from, count, workers] = [whole("from"), whole("seeds"), whole("workers")];
  const tally = await runMany({ from, count, workers, log });
  if (values.document) await document(tally);
  process.exitCode = tally.failures.length === 0 ? 0 : 1;
}

await main();
