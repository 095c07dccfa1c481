import { simulate } from "./simulate.ts";

/** `npm run sim -- --seed N [--trace]` replays one seed; `--seeds N [--from M]` runs many. */
async function main(args: readonly string[]): Promise<void> {
  const valueOf = (name: string): string | undefined => {
    const at = args.indexOf(name);
    return at < 0 ? undefined : args[at + 1];
  };
  const seed = valueOf("--seed");
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  if (seed !== undefined) {
    const keepTrace = args.includes("--trace");
    const result = await simulate(seed, {}, keepTrace);
    const { trace, violations, ...rest } = result;
    for (const line of trace) print(line);
    print(JSON.stringify(rest, undefined, 2));
    for (const { rule, what } of violations) print(`${rule}: ${what}`);
    process.exitCode = violations.length > 0 ? 1 : 0;
    return;
  }
  const count = Number(valueOf("--seeds") ?? 100);
  const from = Number(valueOf("--from") ?? 1);
  let failed = 0;
  for (let i = from; i < from + count; i++) {
    const { violations } = await simulate(String(i));
    if (violations.length === 0) continue;
    failed++;
    print(`npm run sim -- --seed ${i}`);
    for (const { rule, what } of violations.slice(0, 3)) print(`  ${rule}: ${what.slice(0, 600)}`);
  }
  print(`${count} seeds, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

await main(process.argv.slice(2));
