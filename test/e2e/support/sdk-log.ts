import { logger } from "matrix-js-sdk/lib/logger.js";
import type { Logger } from "matrix-js-sdk/lib/logger.js";

/*
 * Parts of the SDK write to its global log, whatever log a client was given, and some keep its functions
 * when they are loaded: this file is imported before the SDK.
 */

export function ignore(): void {
  // What matters to a test are its expectations; the SDK writes hundreds of lines a second.
}

export const silent: Logger = {
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  getChild: () => silent,
};

Object.assign(logger, silent, { log: ignore });
