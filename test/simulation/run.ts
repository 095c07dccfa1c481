import { parseArgs } from "node:util";
import { runRange } from "./range.ts";
import { simulate } from "./simulate.ts";
import { Tally } from "./tally.ts";

/** A long run says how far it is after so many seeds. */
const PROGRESS_EVERY = 500;

const USAGE = `npm run sim -- --seed N [--trace]
npm run sim -- [--seeds 100] [--from 1] [--workers 1] [--log FILE]
  FILE keeps what is done: the same command goes on where it was stopped.`;

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
async function runMany(range: Parameters<typeof runRange>[0]): Promise<boolean> {
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
  return whole.failures.length === 0;
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
  const isRight =
    seed === undefined
      ? await runMany({
          from: whole("from"),
          count: whole("seeds"),
          workers: whole("workers"),
          log,
        })
      : await replay(seed, trace);
  process.exitCode = isRight ? 0 : 1;
}

await main();
