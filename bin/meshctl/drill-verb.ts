import type { Command } from "commander";
import type { Context, GlobalOptions } from "./context.ts";
import { print } from "./context.ts";
import { runDrill } from "./drill.ts";
import type { DrillOptions } from "./drill.ts";
import { wholeNumber } from "./mesh-verbs.ts";
import { renderDrillReport } from "./render-drill.ts";

/** How long a drill lasts when the owner does not say: longer than any wait of a client. */
const DRILL_MINUTES = 2;
const DRILL_MINUTES_MAX = 60;

/** Practising an outage. */
export function addDrillVerbs(program: Command, context: Context): void {
  const drill = program
    .command("drill")
    .description("cut one box off for a time, watch what happens, and compare the boxes afterwards")
    .argument("[box]", "the name or the ID of the box; this one where it is left out")
    .option("--minutes <n>", "how long", wholeNumber(1, DRILL_MINUTES_MAX), DRILL_MINUTES)
    .option("--yes", "do not ask", false)
    .action((box: string | undefined, _options, command: Command) =>
      practise(box, command.optsWithGlobals(), context),
    );
  drill
    .command("heal")
    .description("end the drill of this box now")
    .action((_options, command: Command) => heal(command.optsWithGlobals(), context));
}

async function practise(
  box: string | undefined,
  options: DrillOptions,
  context: Context,
): Promise<void> {
  const report = await runDrill(box, options, context);
  print(context, options, renderDrillReport(report), report);
  context.exit(report.passed ? 0 : 1);
}

async function heal(options: GlobalOptions, context: Context): Promise<void> {
  const drill = await context.call(options.home, "drill.heal", {});
  print(context, options, "The links of this box are back.", drill);
}
