import { resolve } from "node:path";
import { Command } from "commander";
import { ConfigError } from "../config/problems.ts";
import { ControlError } from "../control/error.ts";
import { HomeError } from "../home/error.ts";
import type { Context } from "./context.ts";
import { addDrillVerbs } from "./drill-verb.ts";
import { addHomeVerbs } from "./home-verbs.ts";
import { addMeshVerbs } from "./mesh-verbs.ts";
import { addReportVerb } from "./report-verb.ts";
import { addUserVerbs } from "./user-verbs.ts";
import { addVerifyVerb } from "./verify-verb.ts";

/** Where a box lives that was installed as a service. */
const DEFAULT_HOME = "/var/lib/hearth";

/** The whole command line of `meshctl`. `parseAsync` on it runs a verb and throws what it refuses. */
export function meshctlProgram(context: Context, homeOfEnvironment: string | undefined): Command {
  const program = new Command("meshctl")
    .description("Looks after one Hearth box. HEARTH_HOME stands in for --home.")
    .option(
      "--home <dir>",
      "folder of the box",
      (text) => resolve(text),
      resolve(homeOfEnvironment ?? DEFAULT_HOME),
    )
    .option("--json", "print data for programs instead of words", false)
    .version(context.version)
    .configureHelp({ showGlobalOptions: true })
    .allowExcessArguments(false);
  addHomeVerbs(program, context);
  addMeshVerbs(program, context);
  addVerifyVerb(program, context);
  addDrillVerbs(program, context);
  addUserVerbs(program, context);
  addReportVerb(program, context);
  return program;
}

/** What `--json` prints when a verb fails; `code` is for scripts, `message` for people. */
export function errorReport(error: unknown): { readonly error: Readonly<Record<string, unknown>> } {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ConfigError) {
    const { code, file, problems } = error;
    return { error: { code, message, file, problems } };
  }
  if (error instanceof ControlError || error instanceof HomeError) {
    return { error: { code: error.code, message } };
  }
  return { error: { code: "failed", message } };
}
