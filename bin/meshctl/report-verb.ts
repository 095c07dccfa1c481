import type { Command } from "commander";
import type { Context, GlobalOptions } from "./context.ts";
import { print } from "./context.ts";
import { renderReports } from "./render-reports.ts";

interface ReportOptions extends GlobalOptions {
  readonly close?: string;
}

/** What users reported as inappropriate. */
export function addReportVerb(program: Command, context: Context): void {
  program
    .command("reports")
    .description("show what users reported: rooms, messages and other users")
    .option("--close <id>", "forget a report that was dealt with")
    .action((_options, command: Command) => reports(command.optsWithGlobals(), context));
}

async function reports(options: ReportOptions, context: Context): Promise<void> {
  const { home, close: id } = options;
  if (id === undefined) {
    const list = await context.call(home, "report.list", {});
    return print(context, options, renderReports(list), list);
  }
  const closed = await context.call(home, "report.close", { id });
  print(context, options, `The report of ${closed.reporter} is closed.`, closed);
}
