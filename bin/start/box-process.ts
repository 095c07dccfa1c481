import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { homePaths } from "../home/paths.ts";
import type { BoxPlan } from "./options.ts";

/** Waits before a crashed box is started again, in milliseconds; doubled at each crash. */
const RESTART_WAIT_MS_MIN = 1000;
const RESTART_WAIT_MS_MAX = 30_000;
/** A box that ran this long, in milliseconds, starts again from the shortest wait. */
const STEADY_MS = 60_000;
/** meshd promises to be gone within 5 s of SIGTERM; then it is killed, in milliseconds. */
const STOP_WAIT_MS_MAX = 7000;
/** Exit code of a meshd that a restart cannot help. */
const EXIT_REFUSED = 2;
/** Lines of a box's log that are shown when it does not start. */
const TAIL_LINES = 5;

/** How a meshd ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Whether somebody stopped the box on purpose, also with kill -9: that is how people practise an
 * outage, so it stays down until they start it again. Everything else is a crash.
 */
export function isStopOnPurpose({ code, signal }: Exit): boolean {
  return code === 0 || signal === "SIGKILL" || signal === "SIGTERM" || signal === "SIGINT";
}

/** One meshd, kept running: reported and started again after a crash, longer waits each time. */
export class BoxProcess {
  readonly plan: BoxPlan;
  private readonly report: (line: string) => void;
  private child: ChildProcess | undefined;
  private restart: NodeJS.Timeout | undefined;
  private waitMs = RESTART_WAIT_MS_MIN;
  private stopping = false;
  private crashCount = 0;
  /** Set when the box is down for good: what a person should know. */
  private ended: string | undefined;

  constructor(plan: BoxPlan, report: (line: string) => void) {
    this.plan = plan;
    this.report = report;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Why no meshd will run any more, undefined while one runs or will. */
  get endedBecause(): string | undefined {
    return this.ended;
  }

  /** Crashes so far. */
  get crashes(): number {
    return this.crashCount;
  }

  start(): void {
    const meshd = join(import.meta.dirname, `../meshd${extname(import.meta.filename)}`);
    const log = openSync(homePaths(this.plan.home).log, "a", 0o600);
    const startedAt = performance.now();
    // A session of its own: Ctrl-C reaches only this program, which then stops the boxes in turn.
    // The pipe on standard input ends when this program dies, however it dies, and meshd with it.
    const args = [meshd, "--home", this.plan.home, "--until-stdin-closes"];
    const child = spawn(process.execPath, args, { detached: true, stdio: ["pipe", log, log] });
    closeSync(log);
    this.child = child;
    child.once("error", (error) => this.report(`${this.plan.name}: ${error.message}`));
    child.once("exit", (code, signal) => this.onExit({ code, signal }, startedAt));
  }

  async stop(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.restart);
    const child = this.child;
    if (child === undefined) return;
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    const kill = setTimeout(() => child.kill("SIGKILL"), STOP_WAIT_MS_MAX);
    await exited;
    clearTimeout(kill);
  }

  /** The end of the box's log. */
  logTail(): string {
    const lines = readFileSync(homePaths(this.plan.home).log, "utf8").trimEnd().split("\n");
    return lines.slice(-TAIL_LINES).join("\n");
  }

  private onExit(exit: Exit, startedAt: number): void {
    this.child = undefined;
    if (this.stopping) return;
    const { name, home } = this.plan;
    const how = exit.signal ?? `exit code ${exit.code}`;
    if (isStopOnPurpose(exit) || exit.code === EXIT_REFUSED) {
      this.ended = `stopped (${how})`;
      this.report(`${name} ${this.ended}; start it again with: meshd --home ${home}`);
      return;
    }
    if (performance.now() - startedAt > STEADY_MS) this.waitMs = RESTART_WAIT_MS_MIN;
    this.crashCount += 1;
    this.report(`${name} crashed (${how}); starting it again in ${this.waitMs / 1000} s`);
    this.restart = setTimeout(() => this.start(), this.waitMs);
    this.waitMs = Math.min(this.waitMs * 2, RESTART_WAIT_MS_MAX);
  }
}
