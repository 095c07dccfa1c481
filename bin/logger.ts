import { fstatSync, writeSync } from "node:fs";
import type { Logger as PinoLogger } from "pino";
import { pino } from "pino";
import type { Config } from "./config/schema.ts";

/** Fields that must never reach a log, wherever a careless caller puts them. */
const SECRET_FIELDS = ["password", "access_token", "refresh_token", "token", "code", "seed", "key"];

/** Where log lines go, and whether a person reads them there. */
export interface LogSink {
  readonly isTTY?: boolean;
  write(line: string): void;
}

/**
 * The process's logger: JSON lines, or lines for people on a terminal. It fits core's `Logger`
 * port; `child({ component })` makes one for each part.
 */
export async function createLogger(
  config: Config["log"],
  sink: LogSink = standardOutput(),
): Promise<PinoLogger> {
  const isPretty = config.pretty === "always" || (config.pretty === "auto" && sink.isTTY === true);
  const redact = { paths: SECRET_FIELDS, censor: "(hidden)" };
  const options = { level: config.level, base: null, redact };
  if (!isPretty) {
    const formatters = { level: (label: string) => ({ level: label }) };
    const timestamp = (): string => `,"time":"${new Date().toISOString()}"`;
    return pino({ ...options, formatters, timestamp }, sink);
  }
  // Loaded only when it is used: a box under systemd never needs it.
  const { prettyFactory } = await import("pino-pretty");
  const format = prettyFactory({
    colorize: sink.isTTY === true,
    ignore: "component",
    messageFormat: (fields, key) => `${componentOf(fields)}${textOf(fields[key])}`,
    translateTime: "SYS:HH:MM:ss.l",
  });
  return pino(options, { write: (line: string) => sink.write(format(line)) });
}

/**
 * Standard output, of which a line may be lost. It is often a file on the disk of the box, and a box whose
 * disk is full must go on; a stream of Node ends with its first error.
 */
function standardOutput(): LogSink {
  const { stdout } = process;
  stdout.on("error", () => undefined);
  if (!fstatSync(stdout.fd).isFile()) return stdout;
  return {
    write: (line) => {
      try {
        writeSync(stdout.fd, line);
      } catch {
        // There is nowhere else to tell it.
      }
    },
  };
}

function componentOf(fields: Record<string, unknown>): string {
  const component = textOf(fields["component"]);
  return component === "" ? "" : `${component}: `;
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
