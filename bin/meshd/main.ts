import { flushCompileCache } from "node:module";
import { Command } from "commander";
import type { Logger } from "../../core/ports.ts";
import { NewerStoreError } from "../../mesh/store/format.ts";
import { startBox } from "../box.ts";
import { loadConfigToRun } from "../config/load.ts";
import { ConfigError } from "../config/problems.ts";
import type { Config } from "../config/schema.ts";
import { serveControl } from "../control/server.ts";
import { HomeError } from "../home/error.ts";
import { lockHome } from "../home/lock.ts";
import { homePaths } from "../home/paths.ts";
import { createLogger } from "../logger.ts";
import { version } from "../version.ts";
import { awaitDisk } from "./await-disk.ts";
import { failStart } from "./rotten-start.ts";

/** A stop is promised within 5 s; what hangs longer than this is cut, in milliseconds. */
const STOP_WAIT_MS_MAX = 4500;
/** Exit code when starting again cannot help until a person changes something. */
const EXIT_REFUSED = 2;

interface Flags {
  readonly home: string;
  readonly untilStdinCloses: boolean;
}

function parseFlags(): Flags {
  const program = new Command("meshd")
    .description("Runs one Hearth box in the foreground.")
    .version(version())
    .requiredOption("--home <dir>", "folder of the box, made by `meshctl init` or `meshctl join`")
    .option("--until-stdin-closes", "stop when standard input ends, as when the parent dies", false)
    .allowExcessArguments(false)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT_REFUSED));
  return program.parse().opts<Flags>();
}

/** Aborts at the first SIGTERM, SIGINT or SIGHUP; later ones change nothing. */
function stopSignal(flags: Flags, log: Logger): AbortSignal {
  const stopping = new AbortController();
  const stop = (reason: string): void => {
    if (stopping.signal.aborted) return;
    log.info({ reason }, "stopping");
    setTimeout(() => {
      log.error({ waited_ms: STOP_WAIT_MS_MAX }, "did not stop in time");
      process.exit(1);
    }, STOP_WAIT_MS_MAX).unref();
    stopping.abort();
  };
  for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(name, () => stop(name));
  if (flags.untilStdinCloses) {
    process.stdin.on("close", () => stop("standard input closed")).resume();
  }
  return stopping.signal;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true }),
  );
}

/** Runs the box until it is told to stop, also across the stores that it lives on. */
async function run(flags: Flags, config: Config, log: Logger): Promise<void> {
  // Before the pid file says whom to stop.
  const stopping = stopSignal(flags, log);
  const lock = await lockHome(flags.home, homePaths(flags.home).pid, "meshd");
  try {
    while (!stopping.aborted) await runOnce(flags, config, log, stopping);
    log.info({}, "stopped");
  } finally {
    lock.release();
  }
}

/** Everything that was started is stopped in reverse. */
async function runOnce(
  { home }: Flags,
  config: Config,
  log: Logger,
  stopping: AbortSignal,
): Promise<void> {
  const { socket } = homePaths(home);
  await awaitDisk(home, socket, log, stopping);
  if (stopping.aborted) return;
  const box = await startBox(config, home, log, stopping).catch((error: unknown) =>
    failStart(home, error, log),
  );
  try {
    const control = await serveControl(socket, box.control, log);
    log.info({ home, version: version(), pid: process.pid }, "ready");
    // A box ends by a power cut as often as in order, and what it compiled would be lost.
    flushCompileCache();
    const why = await Promise.race([aborted(stopping), box.outgrown]);
    if (!stopping.aborted) log.info({}, `starting again ${why}`);
    await control.stop();
  } finally {
    await box.stop();
  }
}

async function main(): Promise<void> {
  const flags = parseFlags();
  const { config, unknown } = loadConfigToRun(homePaths(flags.home).config);
  const log = await createLogger(config.log);
  for (const { line, message } of unknown) log.warn({ line }, `mesh.yaml: ${message}; passed over`);
  const crash = (error: unknown): never => {
    log.fatal({ err: error }, "crashed");
    process.exit(1);
  };
  process.on("uncaughtException", crash).on("unhandledRejection", crash);
  await run(flags, config, log).catch((error: unknown) => {
    if (isRefusal(error)) throw error;
    crash(error);
  });
  // What a library left open must not keep the process alive.
  process.exit(0);
}

/** Told in one line: only a person can do something about it. */
function isRefusal(error: unknown): error is Error {
  return (
    error instanceof ConfigError || error instanceof HomeError || error instanceof NewerStoreError
  );
}

main().catch((error: unknown) => {
  if (!isRefusal(error)) throw error;
  process.stderr.write(`meshd: ${error.message}\n`);
  process.exit(EXIT_REFUSED);
});
