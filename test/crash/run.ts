import { Command } from "commander";
import { STORAGE_PATHS } from "./paths.ts";
import { Recording, sweep, whyNoTrace } from "./sweep.ts";

interface Options {
  readonly only?: string;
  readonly every: string;
}

const options = new Command("npm run crash --")
  .description("Crashes every storage path at every write, and checks what is left.")
  .option("--only <text>", "just the paths whose name contains it")
  .option("--every <n>", "try one of n crashes", "1")
  .parse()
  .opts<Options>();

const reason = whyNoTrace();
if (reason !== undefined) {
  process.stderr.write(`${reason}\n`);
  process.exit(2);
}
let [crashes, faults] = [0, 0];
for (const path of STORAGE_PATHS) {
  if (options.only !== undefined && !path.name.includes(options.only)) continue;
  const began = performance.now();
  using recording = await Recording.make(path);
  const result = await sweep(recording, { every: Number(options.every) });
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  const { moments } = result;
  process.stdout.write(
    `${path.name}: ${moments} writes, ${result.crashes} crashes, ${seconds} s\n`,
  );
  for (const fault of result.faults) process.stdout.write(`  ${fault}\n`);
  crashes += result.crashes;
  faults += result.faults.length;
}
process.stdout.write(`${crashes} crashes, ${faults} faults\n`);
process.exit(faults === 0 ? 0 : 1);
