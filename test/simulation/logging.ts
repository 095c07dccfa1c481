import type { BoxId } from "../../core/ids.ts";
import type { Logger } from "../../core/ports.ts";
import type { BoxTimers } from "./sim-clock.ts";

/** What a box says goes into the story of the run; an error is one that must not be. A dead process is not heard. */
export function loggerOf(
  box: BoxId,
  timers: BoxTimers,
  { note, unexpected }: Readonly<Record<"note" | "unexpected", (what: string) => void>>,
): Logger {
  const line =
    (level: string) =>
    (fields: Readonly<Record<string, unknown>>, message: string): void => {
      if (timers.isDead) return;
      const error = fields["err"] ?? fields["error"];
      note(`${box} ${level}: ${message}${error instanceof Error ? ` (${error.message})` : ""}`);
      if (level === "error") unexpected(`${box} logs an error: ${message} ${storyOf(error)}`);
    };
  const quiet = (): void => undefined;
  return { debug: quiet, info: quiet, warn: line("warn"), error: line("error") };
}

/** An error and what caused it. */
export function storyOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined
    ? String(error.stack)
    : `${error.message}: ${storyOf(error.cause)}`;
}
