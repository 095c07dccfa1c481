import { simulate } from "./simulate.ts";
import type { SimResult } from "./simulate.ts";
import { Summary } from "./summary.ts";

const SEEDS_DEFAULT = 100;
/** A long run says how far it is after so many seeds. */
const PROGRESS_EVERY = 500;

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
async function runMany(from: number, count: number): Promise<boolean> {
  const summary = new Summary();
  for (let i = from; i < from + count; i++) {
    const result: SimResult = await simulate(String(i));
    summary.add(result);
    if (result.violations.length > 0) print(`npm run sim -- --seed ${i}`);
    for (const { rule, what } of result.violations.slice(0, 3)) {
      print(`  ${rule}: ${what.slice(0, 600)}`);
    }
    if (summary.seeds % PROGRESS_EVERY === 0 && summary.seeds < count) print(summary.line);
  }
  print(summary.text);
  return summary.failed === 0;
}

/** `npm run sim -- --seed N [--trace]`, or `--seeds N [--from M]`. */
async function main(args: readonly string[]): Promise<void> {
  const valueOf = (name: string): string | undefined => {
    const at = args.indexOf(name);
    return at < 0 ? undefined : args[at + 1];
  };
  const seed = valueOf("--seed");
  const isRight =
    seed === undefined
      ? await runMany(Number(valueOf("--from") ?? 1), Number(valueOf("--seeds") ?? SEEDS_DEFAULT))
      : await replay(seed, args.includes("--trace"));
  process.exitCode = isRight ? 0 : 1;
}

await main(process.argv.slice(2));
