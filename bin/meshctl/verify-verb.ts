import type { Command } from "commander";
import type { VerifyReport } from "../control/verify-report.ts";
import type { Context, GlobalOptions } from "./context.ts";
import { print } from "./context.ts";
import { renderVerify } from "./render-verify.ts";

/** Exit codes of `verify`, for scripts. */
export const VERIFY_EXIT: Readonly<Record<VerifyReport["outcome"], number>> = {
  equal: 0,
  differs: 1,
  unsure: 2,
};

/** Compares the boxes; changes nothing. */
export function addVerifyVerb(program: Command, context: Context): void {
  program
    .command("verify")
    .description("compare what the boxes have; exit code 0: equal, 1: they differ, 2: not known")
    .action((_options, command: Command) => verify(command.optsWithGlobals(), context));
}

async function verify(options: GlobalOptions, context: Context): Promise<void> {
  const report = await context.call(options.home, "verify", {});
  print(context, options, renderVerify(report), report);
  context.exit(VERIFY_EXIT[report.outcome]);
}
